using Millrace.Runtime;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>The store is away just when a job that has failed looks for what to go on from.</summary>
public sealed class StoreAwayTests
{
    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Restart_WhileTheStoreIsAway_IsTriedAgainByThePolicy()
    {
        Trial trial = new();
        bool isAway = false;
        int refused = 0, thrown = 0;
        FaultStore store = new(
            trial.Store,
            new(call => Volatile.Read(ref isAway) && call.Verb == StoreVerb.Get && call.Key.Contains("/checkpoints/", StringComparison.Ordinal) && Interlocked.Increment(ref refused) <= 3
                ? new StoreFault.Refuse() : new StoreFault.None()),
            TimeProvider.System);
        TrialStart how = new()
        {
            Store = store,
            Restart = new RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.FromMilliseconds(1) },
            OnRecord = _ =>
            {
                if (Volatile.Read(ref isAway) && Interlocked.Increment(ref thrown) == 1) throw new InvalidOperationException("once");
            },
        };
        DurableJob job = await trial.StartAsync(how, limit: 20);
        await job.CheckpointAsync().TakenAsync();
        Volatile.Write(ref isAway, true);
        how.Gate.Open(int.MaxValue);

        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        await trial.AssertExactAsync();
        Assert.True(refused > 3, $"{refused}");
        Assert.Equal(3, trial.Told.Count(static line => line.StartsWith("failed: memory://", StringComparison.Ordinal)));
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Restart_WhileTheStoreStaysAway_GivesUpByThePolicyAndNamesIt()
    {
        Trial trial = new();
        bool isAway = false;
        FaultStore store = new(
            trial.Store,
            new(call => Volatile.Read(ref isAway) && call.Verb == StoreVerb.Get && call.Key.Contains("/checkpoints/", StringComparison.Ordinal) ? new StoreFault.Refuse() : new StoreFault.None()),
            TimeProvider.System);
        TrialStart how = new()
        {
            Store = store,
            Restart = new RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.FromMilliseconds(1) },
            OnRecord = _ =>
            {
                if (Volatile.Read(ref isAway)) throw new InvalidOperationException("again");
            },
        };
        DurableJob job = await trial.StartAsync(how, limit: 20);
        await job.CheckpointAsync().TakenAsync();
        Volatile.Write(ref isAway, true);
        how.Gate.Open(int.MaxValue);

        Assert.Contains("memory://", (await Assert.ThrowsAsync<Millrace.Storage.StoreUnavailableException>(() => job.Completion)).Message, StringComparison.Ordinal);
        // The next start finds it as it was.
        Volatile.Write(ref isAway, false);
        Assert.Equal(JobEnding.Finished, (await trial.RunAsync()).Ending);
        await trial.AssertExactAsync();
    }
}
