using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Jobs over a store in memory, which take checkpoints when they are asked to, and savepoints under <c>memory://savepoints</c>.</summary>
static class StoredJob
{
    public static DurableOptions Options(MemoryObjectStore store, StartFrom from) => new()
    {
        Store = store,
        OpenStore = (address, _) => new(store.Under(address["memory://".Length..])),
        SavepointRoot = "memory://savepoints",
        From = from,
        Checkpoints = new() { Interval = TimeSpan.FromHours(1) },
    };

    public static DurableJob Start(MemoryObjectStore store, Dataflow flow, int parallelism, StartFrom from, TimeProvider? time = null) =>
        EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = parallelism, Threads = 2, Time = time ?? TimeProvider.System }, Options(store, from));

    public static Task<StartPlan> PlanAsync(MemoryObjectStore store, Dataflow flow) => StartPlan.ReadAsync(
        flow.Build(), new() { Parallelism = 1, Threads = 2 }, Options(store, new StartFrom.LatestSavepoint()), TestContext.Current.CancellationToken);

    /// <summary>Runs a job from its beginning until its source is held, and stops it with a savepoint.</summary>
    public static async Task StopAsync(MemoryObjectStore store, Dataflow flow, int parallelism, HeldSource source)
    {
        DurableJob job = Start(store, flow, parallelism, new StartFrom.Unsaid());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
    }

    /// <summary>The key of the one savepoint there is, without the name of its manifest.</summary>
    public static string SavepointOf(MemoryObjectStore store) =>
        Assert.Single(store.Keys, static k => k.StartsWith("savepoints/", StringComparison.Ordinal) && k.EndsWith("/_metadata", StringComparison.Ordinal))[..^"_metadata".Length];
}
