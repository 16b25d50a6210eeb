using System.Runtime.CompilerServices;

namespace Millrace.Benchmarks.Measuring;

/// <summary>The whole input, as the one split there is.</summary>
/// <param name="Next">The index of the next record, over all passes.</param>
sealed record PassSplit(long Next) : ISplit
{
    public string Id => "all";
}

/// <summary>
/// Reads passes from memory, one after the other, and marks the clock where each begins and after the last. A task reads its source only
/// when nothing else in its chain has anything to do, so in a job of one chain all records of a pass have been handled by the time the
/// first of the next is asked for, and the mark is exact. In a job of several tasks only the first mark belongs here: the others are
/// made by the sink (see <see cref="DigestSink{T, TDigest}"/>).
/// </summary>
/// <param name="passes">Borrowed.</param>
/// <param name="clock">Marked.</param>
/// <param name="marksStartOnly">Whether the sink makes the marks after the first.</param>
sealed class PassSource<T>(T[][] passes, PassClock clock, bool marksStartOnly) : ISource<T, PassSplit>
{
    public bool IsBounded => true;

    public async IAsyncEnumerable<PassSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield return new(0);
    }

    public ValueTask<ISplitReader<T, PassSplit>> OpenAsync(PassSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(passes, clock, marksStartOnly));

    sealed class Reader(T[][] passes, PassClock clock, bool marksStartOnly) : ISplitReader<T, PassSplit>
    {
        int _pass;
        int _next;

        public PassSplit Position => new(passes.Take(_pass).Sum(static p => (long)p.Length) + _next);

        public ReadStatus TryRead(ref BatchWriter<T> batch)
        {
            if (_next == 0 && (_pass == 0 || !marksStartOnly)) clock.Mark();
            if (_pass == passes.Length) return ReadStatus.Finished;
            T[] records = passes[_pass];
            int count = Math.Min(batch.Room, records.Length - _next);
            batch.AddRange(new ReadOnlySpan<T>(records, _next, count));
            _next += count;
            if (_next == records.Length) (_pass, _next) = (_pass + 1, 0);
            return ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
