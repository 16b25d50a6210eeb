using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Any parallelism goes on from what any other has left, whatever the barriers did to the records in their way.</summary>
public sealed class RescalingTests
{
    static readonly int[] s_sizes = [1, 2, 3, 7, 16];

    public static TheoryData<int, int> Pairs()
    {
        TheoryData<int, int> pairs = [];
        foreach (int before in s_sizes)
        {
            foreach (int after in s_sizes) pairs.Add(before, after);
        }

        return pairs;
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [MemberData(nameof(Pairs))]
    public async Task Stop_AndStartAtAnyParallelism_EndsExactly(int before, int after)
    {
        Trial trial = new() { Input = new(9, 240) };
        DurableJob job = await trial.StartAsync(new() { Parallelism = before }, limit: 130);
        await job.StopAsync(isDrain: false, null).TakenAsync();
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);

        JobResult end = await trial.RunAsync(new() { Parallelism = after, From = new StartFrom.LatestSavepoint() });
        Assert.Equal(JobEnding.Finished, end.Ending);
        await trial.AssertExactAsync($"{before} to {after}");
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(3, 2, Alignment.Unaligned)]
    [InlineData(2, 7, Alignment.Unaligned)]
    [InlineData(7, 1, Alignment.Unaligned)]
    [InlineData(16, 3, Alignment.Unaligned)]
    [InlineData(3, 3, Alignment.Unaligned)]
    [InlineData(2, 3, Alignment.Aligned)]
    [InlineData(3, 2, Alignment.Aligned)]
    [InlineData(7, 16, Alignment.Aligned)]
    public async Task Crash_WithRecordsInFlight_EndsExactlyAtAnyParallelism(int before, int after, Alignment alignment)
    {
        Trial trial = new() { Input = new(6, 4_000) };
        // An aligned barrier that waits for any time at all begins to overtake.
        CheckpointOptions checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20), Alignment = alignment, AlignTimeout = TimeSpan.FromTicks(1), Retained = 5 };
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TrialProcess process = new();
        TrialStart how = new()
        {
            Process = process, Parallelism = before, Checkpoints = checkpoints, OnRecord = Slowly,
            Taken = taken =>
            {
                if (InFlight(trial, taken.Snapshot) > 0) held.TrySetResult();
            },
        };
        DurableJob job = trial.Start(how);
        await Task.WhenAny(held.Task, job.Completion);
        if (!held.Task.IsCompleted)
        {
            // Whether anything was in a barrier's way is a matter of timing; then the job has ended, and must have ended exactly.
            await job.Completion;
            await trial.AssertExactAsync($"{before}, never overtaken");
            return;
        }

        process.Kill("records in flight");
        job.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);
        Assert.True(InFlight(trial, (await trial.StateAsync())!.Latest!.Snapshot) > 0 || trial.Table.Parts > 0);

        JobResult end = await trial.RunAsync(new() { Parallelism = after, Checkpoints = checkpoints });
        Assert.Equal(JobEnding.Finished, end.Ending);
        await trial.AssertExactAsync($"{before} to {after}");
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Crash_WithRecordsInFlightAgainAndAgain_EndsExactly()
    {
        Trial trial = new() { Input = new(6, 3_000) };
        CheckpointOptions checkpoints = new() { Interval = TimeSpan.FromMilliseconds(15), Alignment = Alignment.Unaligned };
        Random chance = new(11);
        for (int life = 0; life < 12; life++)
        {
            TrialProcess process = new();
            int taken = 0, last = 1 + chance.Next(3);
            DurableJob job = trial.Start(new()
            {
                Process = process, Parallelism = s_sizes[chance.Next(s_sizes.Length)], Checkpoints = checkpoints, OnRecord = Slowly,
                Taken = _ =>
                {
                    if (Interlocked.Increment(ref taken) == last) process.Kill("enough checkpoints");
                },
            });
            await Task.WhenAny(process.Died, job.Completion);
            if (!process.IsDead) break;
            job.Cancel();
            await job.Completion.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        await trial.RunAsync(new() { Parallelism = 3 });
        await trial.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Crash_AtLeastOnce_LosesNothing()
    {
        Trial trial = new() { Input = new(6, 3_000) };
        TrialProcess process = new();
        CheckpointOptions checkpoints = new() { Interval = TimeSpan.FromMilliseconds(15), Alignment = Alignment.AtLeastOnce };
        int taken = 0;
        DurableJob job = trial.Start(new()
        {
            // Held in the middle, so that it cannot end before it is killed.
            Process = process, Parallelism = 3, Checkpoints = checkpoints, OnRecord = Slowly, Gate = new(1_500),
            Taken = _ =>
            {
                if (Interlocked.Increment(ref taken) == 3) process.Kill("enough checkpoints");
            },
        });
        await Task.WhenAny(process.Died, job.Completion);
        Assert.True(process.IsDead);
        job.Cancel();
        await job.Completion.ContinueWith(static _ => { }, TaskScheduler.Default);

        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(new() { Parallelism = 2, Checkpoints = checkpoints })).Ending);
        HashSet<string> written = [.. trial.Table.Visible.Where(static l => l.StartsWith("sum ", StringComparison.Ordinal)).Select(static l => l[..(l.LastIndexOf(' ') + 1)])];
        for (int split = 0; split < trial.Input.Splits; split++)
        {
            for (int index = 0; index < trial.Input.Count; index++) Assert.Contains(TrialFlow.PrefixOf(new(split, index)), written);
        }
    }

    // Busy, not asleep: a record takes longer to process than to read, so records queue up before the operator.
    static void Slowly(Reading reading) => Thread.SpinWait(400 + (reading.Split * 200));

    static int InFlight(Trial trial, SnapshotReference snapshot)
    {
        byte[]? manifest = trial.Store.Under(TrialFlow.Name).TryGetAsync(snapshot.Key, default).AsTask().GetAwaiter().GetResult();
        if (manifest is null) return 0;
        SnapshotReader reader = SnapshotReader.OpenAsync(trial.Store.Under(TrialFlow.Name), snapshot.Key, snapshot.Sha256, default).AsTask().GetAwaiter().GetResult();
        return reader.Manifest.Operators.Sum(static op => op.States.Where(static s => s.Schema.Layout == StateLayout.InFlight).Sum(static s => s.Runs.Count));
    }
}
