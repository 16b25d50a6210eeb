using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A job that goes on with the state of an earlier version of itself, whose types were others.</summary>
public sealed class EvolvingJobTests
{
    const int Records = 900;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    public async Task Start_OfTheNextVersion_GoesOnWithItsState(int before, int after)
    {
        await StopBeforeAsync(before);

        HeldSource source = new(Records, Records - 50);
        DurableJob job = StoredJob.Start(_store, EvolvingJob.FlowAfter(source, _table), after, new StartFrom.LatestSavepoint());
        await source.Reached;
        // Full for every state, then on top of it: manifests refuse runs of two schemas.
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        source.Release();
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);

        string[] lines = [.. _table.Visible];
        Assert.Equal(EvolvingJob.Answer(Records), lines.Where(static l => !l.StartsWith("split", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, Records).Select(static n => $"split {n} 3").Order(StringComparer.Ordinal), lines.Where(static l => l.StartsWith("split", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Plan_OfTheNextVersion_SaysWhatChanges()
    {
        await StopBeforeAsync(1);
        StartPlan plan = await StoredJob.PlanAsync(_store, EvolvingJob.FlowAfter(new(Records, -1), _table));
        Assert.True(plan.CanStart);
        string total = Line(plan, "states", "total", StateFate.Changed);
        Assert.Contains("key widened from int32 to int64", total, StringComparison.Ordinal);
        Assert.Contains("Total.Amount widened from int32 to decimal", total, StringComparison.Ordinal);
        Assert.Contains("Total.Amount renamed from Sum", total, StringComparison.Ordinal);
        Assert.Contains("Total.Note removed", total, StringComparison.Ordinal);
        Assert.Contains("Total.Reason new, default null", total, StringComparison.Ordinal);
        Assert.Contains("Total.Version new, default 2", total, StringComparison.Ordinal);
        Assert.Contains("map key widened from int16 to int32", Line(plan, "states", "rests", StateFate.Changed), StringComparison.Ordinal);
        Assert.Contains("key widened from int32 to int64", Line(plan, "states", "ends", StateFate.Changed), StringComparison.Ordinal);
        Assert.Contains("Place.Row widened from int16 to int32", Line(plan, "lists", "split", StateFate.Changed), StringComparison.Ordinal);
        Line(plan, "numbers", "splits", StateFate.Matched);
    }

    [Fact]
    public async Task Start_OfAVersionThatDoesNotFit_IsRefusedBeforeAnythingChanges()
    {
        await StopBeforeAsync(1);
        Dataflow broken = EvolvingJob.FlowBroken(new(Records, -1), _table);
        int entries = Entries();
        StartPlan plan = await StoredJob.PlanAsync(_store, broken);
        Assert.False(plan.CanStart);
        Assert.Contains("key was int32 and is string, whose hash is another", Line(plan, "states", "total", StateFate.Incompatible), StringComparison.Ordinal);
        Assert.Contains("Total.Sum was int32 and is string; declare it as int32 again, or make the new values from the old with IUpgrade; or give the state up with --drop-state states/total",
            Line(plan, "states", "total", StateFate.Incompatible), StringComparison.Ordinal);
        Assert.Contains("sales was a list and is declared as a map", Line(plan, "states", "sales", StateFate.Incompatible), StringComparison.Ordinal);

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => StoredJob.Start(_store, broken, 1, new StartFrom.LatestSavepoint()).Completion);
        Assert.Contains("states/total: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(entries, Entries());
    }

    Task StopBeforeAsync(int parallelism)
    {
        HeldSource source = new(Records, Records / 2);
        return StoredJob.StopAsync(_store, EvolvingJob.FlowBefore(source, _table), parallelism, source);
    }

    int Entries() => _store.Keys.Count(static k => k.Contains("/ledger/", StringComparison.Ordinal) || k.Contains("/terms/", StringComparison.Ordinal));

    static string Line(StartPlan plan, string op, string state, StateFate fate)
    {
        UpgradeLine line = Assert.Single(plan.Lines, l => l.Operator == op && l.State == state);
        Assert.Equal(fate, line.Fate);
        return line.Why.Replace("EvolvingJob.After.", "", StringComparison.Ordinal).Replace("EvolvingJob.Broken.", "", StringComparison.Ordinal);
    }
}
