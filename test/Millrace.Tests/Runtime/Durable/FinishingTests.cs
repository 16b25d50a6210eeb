using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>The ends of inputs and of jobs: tasks that finish before others, the last output, stops that drain, stops that fail.</summary>
public sealed class FinishingTests
{
    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(1, 2)]
    [InlineData(3, 3)]
    [InlineData(3, 1)]
    public async Task OneSourceEnds_CheckpointsGoOn_EndsExactly(int before, int after)
    {
        // Each split on a task of its own or several on one; those of the short source end long before the others.
        TrialFlow.Input input = new(4, 400), small = new(2, 30);
        Trial trial = new() { Input = input };
        TrialGate gate = new(0), open = new();
        JobGraph graph() => TwoSources(trial, input, gate, small, open);
        DurableJob job = trial.Start(new() { Parallelism = before, Graph = graph() });
        await job.PassedAsync(open, small.Total);
        for (int limit = 50; limit <= 150; limit += 50)
        {
            gate.Open(limit);
            await job.PassedAsync(gate, input.Below(limit));
            await job.CheckpointAsync().TakenAsync();
        }

        job.Interrupt("test");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
        (gate, open) = (new(), new());
        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(new() { Parallelism = after, Graph = graph() })).Ending);
        Assert.Equal(0, open.Passed);   // it had been read to its end
        TrialAssert.Same(TrialAssert.Sorted(TrialFlow.Answer(input), TrialFlow.Answer(small).Where(static l => l.StartsWith("sum ", StringComparison.Ordinal)).Select(static l => "small " + l)), trial.Table.Visible, "");
        await trial.AssertKeptAsync();
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Stop_Draining_FiresOnceAndAsksBeforeItGoesOn(int before, int after)
    {
        const int Cut = 130;
        Trial trial = new() { Input = new(4, 300) };
        DurableJob job = await trial.StartAsync(new() { Parallelism = before }, limit: Cut);
        await job.CheckpointAsync().TakenAsync();
        await job.StopAsync(isDrain: true, null).TakenAsync();
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
        TrialAssert.Same(TrialFlow.Answer(trial.Input, Cut, Cut), trial.Table.Visible, "drained");

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => trial.RunAsync(new() { From = new StartFrom.LatestSavepoint() }));
        Assert.Contains("--accept-drained", refused.Message, StringComparison.Ordinal);
        Assert.Equal(JobPhase.Stopped, (await trial.StateAsync())!.Phase);

        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(new() { Parallelism = after, From = new StartFrom.LatestSavepoint(), AcceptsDrained = true })).Ending);
        TrialAssert.Same(TrialFlow.Answer(trial.Input, Cut, int.MaxValue), trial.Table.Visible, "after the drained savepoint");
        await trial.AssertKeptAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Drained_ThenCrashed_GoesOnWithoutAsking()
    {
        const int Cut = 130;
        Trial trial = new() { Input = new(4, 300) };
        DurableJob job = await trial.StartAsync(new(), limit: Cut);
        await job.StopAsync(isDrain: true, null).TakenAsync();
        await job.Completion;

        // It was accepted once; a crash before the first checkpoint is no new start.
        TrialProcess process = new(diesWhere: static what => what.StartsWith("prepare ", StringComparison.Ordinal));
        TrialStart how = new() { Process = process, From = new StartFrom.LatestSavepoint(), AcceptsDrained = true };
        job = trial.Start(how);
        await process.Died;
        job.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);
        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(how with { Process = null, Gate = new() })).Ending);
        TrialAssert.Same(TrialFlow.Answer(trial.Input, Cut, int.MaxValue), trial.Table.Visible, "");
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Crash_BetweenTheFinalCheckpointAndItsEntry_FinishesByItself()
    {
        Trial trial = new();
        // The transactions of the last checkpoint are committed after it counts.
        TrialProcess process = new(diesWhere: static what => what.StartsWith("commit ", StringComparison.Ordinal));
        DurableJob job = trial.Start(new() { Process = process });
        await process.Died;
        job.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);
        Assert.True((await trial.StateAsync())!.Latest!.IsFinal);
        Assert.Empty(trial.Table.Visible);

        Assert.Equal(JobEnding.Finished, (await trial.RunAsync()).Ending);
        await trial.AssertExactAsync();
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_SavepointCannotBeWrittenAtFirst_IsFinished(bool isDrain)
    {
        Trial trial = new();
        int opened = 0;
        TrialStart how = new()
        {
            Restart = new Millrace.Runtime.Jobs.RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.Zero },
            // Whether it can be written is looked at before; it is away when it is written.
            OpenStore = (address, _) => address.Contains("away", StringComparison.Ordinal) && Interlocked.Increment(ref opened) == 2
                ? throw new StoreUnavailableException(address, "open", "it is away, as the test has it")
                : new(trial.Store.Under(address["memory://".Length..])),
        };
        DurableJob job = await trial.StartAsync(how, limit: 70);
        await job.CheckpointAsync().TakenAsync();
        _ = job.StopAsync(isDrain, "memory://away").ContinueWith(static _ => { }, TaskScheduler.Default);
        JobResult result = await job.Completion;
        Assert.True(result.Ending is JobEnding.Stopped or JobEnding.AlreadyEnded, $"{result.Ending}");
        LedgerState state = (await trial.StateAsync())!;
        Assert.Equal(JobPhase.Stopped, state.Phase);
        Assert.Contains("away", state.Savepoints[^1].Address, StringComparison.Ordinal);
        // Without draining, event time may or may not have reached what is in the state.
        Assert.Empty(TrialAssert.Without(trial.Table.Visible, TrialFlow.Answer(trial.Input, 70, 70)));

        await trial.RunAsync(new() { From = new StartFrom.LatestSavepoint(), AcceptsDrained = true });
        TrialAssert.Same(isDrain ? TrialFlow.Answer(trial.Input, 70, int.MaxValue) : TrialFlow.Answer(trial.Input), trial.Table.Visible, "to the end");
    }

    static JobGraph TwoSources(Trial trial, TrialFlow.Input input, TrialGate gate, TrialFlow.Input small, TrialGate open)
    {
        Dataflow flow = new(TrialFlow.Name);
        DataStream<Reading> big = flow.Source("readings", new TrialSource(gate, input.Splits, input.Of), WatermarkStrategy.Monotonous<Reading>(TrialFlow.At));
        DataStream<Reading> few = flow.Source("few", new TrialSource(open, small.Splits, small.Of), WatermarkStrategy.Monotonous<Reading>(TrialFlow.At)).WithParallelism(2);
        DataStream<string> fewSums = few.KeyBy(TrialFlow.Key).Process("few-sums", state => new Prefixed(state, open));
        TrialFlow.Lines(big, gate, static _ => { }).Union(fewSums).Sink("out", new ModelSink(trial.Table));
        return flow.Build();
    }

    /// <summary>The small source's share: what the answer has of it, without what needs event time of both.</summary>
    sealed class Prefixed(StateScope state, TrialGate gate) : IKeyedProcess<int, Reading, string>
    {
        readonly ValueState<long> _sum = state.Value<long>("sum");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            Reading r = record.Value;
            long sum = _sum.GetOr(0) + r.Index;
            _sum.Set(sum);
            output.Emit($"small sum {TrialFlow.Key(r)} {r.Index} {sum}");
            gate.Pass();
        }
    }
}
