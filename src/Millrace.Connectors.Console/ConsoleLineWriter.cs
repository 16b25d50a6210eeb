using System.Text;

namespace Millrace.Connectors.Console;

/// <summary>
/// Gathers lines in one buffer while the other is written: a console can block, so it is written beside the task. Owned by one task.
/// </summary>
sealed class ConsoleLineWriter<T>(Func<T, string> format) : ISinkWriter<T>
{
    const int BufferChars = 1 << 16;

    StringBuilder _filling = new();
    StringBuilder _writing = new();
    Task _write = Task.CompletedTask;

    public void TryWrite(ref BatchReader<T> batch)
    {
        while (_filling.Length < BufferChars && batch.TryTake(out T? value)) _filling.Append(format(value)).Append('\n');
        if (_write.IsCompleted) BeginWrite();
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_write.WaitAsync(cancellationToken));

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        BeginWrite();
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // A console that blocks for ever must not keep a cancelled job from ending, so the write is not waited for.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void BeginWrite()
    {
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        if (_filling.Length == 0) return;
        (_filling, _writing) = (_writing, _filling);
        _filling.Clear();
        _write = ConsoleOutput.WriteAsync(_writing);
    }
}
