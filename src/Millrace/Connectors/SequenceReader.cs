using System.Threading.Channels;

namespace Millrace;

/// <summary>
/// Reads an asynchronous sequence ahead into a bounded channel. The loop belongs to the reader and ends with it; an exception of the
/// sequence surfaces after the records before it.
/// </summary>
sealed class SequenceReader<T> : ISplitReader<T, SequenceSplit>
{
    readonly CancellationTokenSource _closed = new();
    readonly Channel<T> _ahead;
    readonly Task _loop;
    long _read;

    public SequenceReader(Func<CancellationToken, IAsyncEnumerable<T>> sequence, SequenceSplit split, int readAhead)
    {
        _read = split.Read;
        _ahead = Channel.CreateBounded<T>(new BoundedChannelOptions(readAhead) { SingleReader = true, SingleWriter = true });
        _loop = ReadAheadAsync(sequence, split.Read, _closed.Token);
    }

    public SequenceSplit Position => new(_read);

    public ReadStatus TryRead(ref BatchWriter<T> batch)
    {
        while (batch.HasRoom)
        {
            if (!_ahead.Reader.TryRead(out T? value)) return EndOrEmpty();
            batch.Add(value);
            _read++;
        }

        return ReadStatus.More;
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // The channel is completed just before the loop's task is, which carries the exception if there is one.
        if (!await _ahead.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)) await _loop.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.Dispose();
    }

    ReadStatus EndOrEmpty()
    {
        // Completion is seen only after the last record was taken, so nothing can be left behind it.
        if (!_ahead.Reader.Completion.IsCompleted || !_loop.IsCompleted) return ReadStatus.Empty;
        _loop.GetAwaiter().GetResult();
        return ReadStatus.Finished;
    }

    async Task ReadAheadAsync(Func<CancellationToken, IAsyncEnumerable<T>> sequence, long skip, CancellationToken closed)
    {
        // The sequence may work for long before its first await: it must not do so on the thread of the task that opens the reader.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await foreach (T value in sequence(closed).WithCancellation(closed).ConfigureAwait(false))
            {
                if (skip-- > 0) continue;
                await _ahead.Writer.WriteAsync(value, closed).ConfigureAwait(false);
            }
        }
        finally
        {
            _ahead.Writer.Complete();
        }
    }
}
