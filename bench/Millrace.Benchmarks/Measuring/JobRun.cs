using Millrace.Runtime;

namespace Millrace.Benchmarks.Measuring;

/// <summary>How a job is run.</summary>
/// <param name="Threads">How many threads its tasks share.</param>
/// <param name="ResultMarks">Results after which a pass ends, where the source cannot know; empty in jobs of one chain.</param>
sealed record JobRunOptions(int Threads, long[] ResultMarks)
{
    public static readonly JobRunOptions OneChain = new(1, []);
}

/// <summary>Runs a job through the public API, from an empty state to its end.</summary>
static class JobRun
{
    /// <param name="passes">The input.</param>
    /// <param name="watermarks">Event time; null for none.</param>
    /// <param name="body">All between source and sink.</param>
    /// <param name="options">How to run it.</param>
    public static Outcome Of<TIn, TOut, TDigest>(
        TIn[][] passes, WatermarkStrategy<TIn>? watermarks, Func<DataStream<TIn>, DataStream<TOut>> body, JobRunOptions? options = null)
        where TDigest : IDigest<TOut>
    {
        options ??= JobRunOptions.OneChain;
        PassClock clock = new(passes.Length);
        DigestSink<TOut, TDigest> sink = new(clock, options.ResultMarks);
        Dataflow flow = new("benchmark");
        PassSource<TIn> source = new(passes, clock, marksStartOnly: options.ResultMarks.Length > 0);
        body(flow.Source("in", source, watermarks)).Sink("out", sink);
        EmbeddedCluster.RunAsync(flow.Build(), new() { Parallelism = 1, Threads = options.Threads }).GetAwaiter().GetResult();
        return new(clock.Passes, sink.Checksum, sink.Count);
    }
}
