using System.Runtime.CompilerServices;

namespace Millrace.Tests.Runtime.Durable;

public sealed record HeldSplit(string Id, int Next, int End) : ISplit;

/// <summary>The numbers from zero, in one split, replayable; held back at a number until it is let go.</summary>
public sealed class HeldSource(int count, int heldAt) : ISource<int, HeldSplit>
{
    readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when everything before the hold was read.</summary>
    public Task Reached => _reached.Task;

    public bool IsBounded => true;

    public void Release() => _released.TrySetResult();

    public async IAsyncEnumerable<HeldSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield return new HeldSplit("numbers", 0, count);
    }

    public ValueTask<ISplitReader<int, HeldSplit>> OpenAsync(HeldSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(this, split));

    sealed class Reader(HeldSource source, HeldSplit split) : ISplitReader<int, HeldSplit>
    {
        int _next = split.Next;

        bool IsHeld => _next == source.HeldAt && !source._released.Task.IsCompleted;

        public HeldSplit Position => split with { Next = _next };

        public ReadStatus TryRead(ref BatchWriter<int> batch)
        {
            for (int left = 100; left > 0 && batch.HasRoom && _next < split.End && !IsHeld; left--) batch.Add(_next++);
            if (_next == split.End) return ReadStatus.Finished;
            if (!IsHeld) return ReadStatus.More;
            source._reached.TrySetResult();
            return ReadStatus.Empty;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => new(source._released.Task.WaitAsync(cancellationToken));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    int HeldAt => heldAt;
}
