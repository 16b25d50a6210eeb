using Millrace.Runtime;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

/// <summary>Runs jobs on real threads, or step by step.</summary>
static class Jobs
{
    /// <summary>How long anything may take: only a broken engine needs it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static JobGraph Graph(Action<Dataflow> define)
    {
        Dataflow flow = new("job");
        define(flow);
        return flow.Build();
    }

    public static EmbeddedJob Start(Action<Dataflow> define, int parallelism = 1, bool isChaining = true, TimeProvider? time = null) =>
        EmbeddedCluster.Start(Graph(define), new() { Parallelism = parallelism, Threads = 3, IsChaining = isChaining, Time = time ?? TimeProvider.System });

    public static Task<JobResult> RunAsync(Action<Dataflow> define, int parallelism = 1, bool isChaining = true) =>
        Start(define, parallelism, isChaining).EndAsync();

    public static Task<JobResult> EndAsync(this EmbeddedJob job) => job.Completion.WaitAsync(Patience);

    public static async Task<Exception> FailureAsync(Action<Dataflow> define, int parallelism = 1) =>
        (await Assert.ThrowsAsync<JobFailedException>(() => RunAsync(define, parallelism))).InnerException!;

    /// <summary>Runs a job step by step to its end.</summary>
    public static JobHarness RunStepped(Action<Dataflow> define, int parallelism = 1, bool isChaining = true) =>
        JobHarness.Start(define, new() { Parallelism = parallelism, IsChaining = isChaining }).RunToEnd();
}
