namespace Millrace.Benchmarks.Measuring;

/// <summary>One number of a result. The sum over all results does not depend on their order.</summary>
interface IDigest<T>
{
    static abstract long Of(in T result);
}

/// <summary>Adds up its results, so that nothing can be left out, and otherwise forgets them. For parallelism one and one run.</summary>
/// <param name="clock">Marked when as many results have come as a pass has; see <paramref name="marks"/>.</param>
/// <param name="marks">
/// After how many results to mark, in ascending order; empty where the source marks. With several tasks the source is ahead of the sink,
/// so a pass ends when the sink has its last result, and the next begins then: what is under way between the tasks at that moment is a
/// few batches and is counted to the pass that waits for it.
/// </param>
sealed class DigestSink<T, TDigest>(PassClock clock, long[] marks) : ISink<T> where TDigest : IDigest<T>
{
    int _nextMark;

    public long Checksum { get; private set; }

    public long Count { get; private set; }

    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(new Writer(this));

    void Take(ref BatchReader<T> batch)
    {
        long checksum = 0;
        ReadOnlySpan<T> results = batch.Values;
        foreach (ref readonly T result in results) checksum += TDigest.Of(in result);
        Checksum += checksum;
        Count += results.Length;
        batch.TakeAll();
        while (_nextMark < marks.Length && Count >= marks[_nextMark])
        {
            clock.Mark();
            _nextMark++;
        }
    }

    sealed class Writer(DigestSink<T, TDigest> sink) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch) => sink.Take(ref batch);

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
