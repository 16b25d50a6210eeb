using System.Collections.Concurrent;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>What a whole life asks of its store.</summary>
public sealed class ListFreeTests
{
    /// <summary>Requests of one small checkpoint: pack, manifest, entry, look for a later term, deletions of the one that leaves, hint.</summary>
    const int RequestsMax = 8;

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Life_Whole_NeverListsAndAsksLittlePerCheckpoint()
    {
        Trial trial = new() { Input = new(4, 600) };
        CountingStore store = new(trial.Store);
        TrialProcess process = new();
        ConcurrentQueue<CheckpointStatistics> told = [];
        TrialStart how = new() { Process = process, Store = process.StoreOver(store), Parallelism = 1, Taken = told.Enqueue };
        DurableJob job = await trial.StartAsync(how, limit: 10);
        List<StoreCounts> costs = [];
        for (int i = 1; i <= 20; i++)
        {
            StoreCounts before = store.Counts;
            await job.CheckpointAsync().TakenAsync();
            costs.Add(store.Counts - before);
            how.Gate.Open(10 + (i * 10));
            await job.PassedAsync(how.Gate, trial.Input.Below(10 + (i * 10)));
        }

        StoreCounts gathering = store.Counts;
        await job.SavepointAsync(null).TakenAsync();
        gathering = store.Counts - gathering;
        process.Kill("after the savepoint");
        job.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);

        TrialStart second = new() { Store = store };
        job = await trial.StartAsync(second, limit: 400, from: 210);
        await job.StopAsync(isDrain: false, null).TakenAsync();
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(new() { Store = store, From = new StartFrom.LatestSavepoint() })).Ending);
        await trial.AssertExactAsync();

        Assert.Equal(0, store.Counts.Lists);
        AssertTold([.. told], costs, gathering);
        // The first ones keep what later ones delete.
        StoreCounts[] steady = [.. costs.Skip(5)];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"requests per checkpoint: {steady.Average(static c => c.Calls):0.0}, at most {steady.Max(static c => c.Calls)}; bytes written: {steady.Average(static c => c.BytesWritten):0}, "
            + $"read: {steady.Average(static c => c.BytesRead):0}; whole life: {store.Counts}");
        Assert.True(steady.Average(static c => c.Calls) <= RequestsMax, string.Join('\n', steady.Select(static c => $"{c}")));
        Assert.True(steady.Max(static c => c.Calls) <= RequestsMax + 4, string.Join('\n', steady.Select(static c => $"{c}")));
        Assert.All(steady, static cost => Assert.Equal(0, cost.Reads));
    }

    // What is told of each checkpoint is what the store saw, but for the hints, which are written whenever there is time.
    static void AssertTold(CheckpointStatistics[] told, List<StoreCounts> costs, StoreCounts gathering)
    {
        Assert.Equal(costs.Count + 1, told.Length);
        for (int i = 0; i < costs.Count; i++)
        {
            CheckpointTraffic traffic = told[i].Traffic;
            StoreCounts sum = traffic.Taking + traffic.Cleaning;
            Assert.Equal(costs[i] with { Puts = 0, BytesWritten = 0 }, sum with { BytesWritten = 0 });
            Assert.InRange(costs[i].BytesWritten - sum.BytesWritten, 0, 200 * costs[i].Puts);
            Assert.Equal((told[i].Packs, told[i].PackBytes), (traffic.Workers.Uploads, traffic.Workers.BytesWritten));
            Assert.Equal(StoreCounts.None with { Creates = 2, Gets = 1, BytesWritten = traffic.Leader.BytesWritten }, traffic.Leader with { BytesRead = 0 });
            Assert.Equal(told[i].Deleted, traffic.Cleaning.Calls);
            Assert.Equal(0, traffic.Gathering.Calls);
        }

        Assert.Contains(told, static t => t.ReferencedBytes > 0);
        StoreCounts copied = told[^1].Traffic.Gathering;
        Assert.True(copied.Uploads >= told[^1].Packs && copied.BytesWritten > told[^1].PackBytes, $"{copied}");
        // A check whether a savepoint can be written comes first, a put and a deletion, and belongs to none.
        StoreCounts saved = told[^1].Traffic.Taking + told[^1].Traffic.Cleaning;
        Assert.Equal(gathering with { Puts = 0, BytesWritten = 0, Deletes = gathering.Deletes - 1 }, saved with { BytesWritten = 0 });
    }
}
