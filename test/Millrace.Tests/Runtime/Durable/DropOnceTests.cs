using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// What is dropped and renamed at a start is dropped and renamed once: not again whenever the job goes on after a failure, or is started by the same command after a crash.
/// </summary>
public sealed class DropOnceTests
{
    const int Records = 100, Before = 40, Then = 70;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    [Fact]
    public async Task Start_WithADropThatWasDone_KeepsWhatCameSince()
    {
        await InterruptAsync("old", Before, static options => options);
        await InterruptAsync("old", Then, Dropping);

        HeldSource last = new(Records, -1);
        DurableOptions again = Dropping(StoredJob.Options(_store, new StartFrom.Unsaid()));
        StartPlan plan = await StartPlan.ReadAsync(Flow("old", last).Build(), Embedded, again, TestContext.Current.CancellationToken);
        Assert.Equal(StateFate.Matched, Assert.Single(plan.Lines, static l => l.State == "count").Fate);
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(Flow("old", last).Build(), Embedded, again).Completion).Ending);

        Assert.Equal(Records - Before, Counted);
    }

    [Fact]
    public async Task Failure_AfterADrop_KeepsWhatCameSince()
    {
        await InterruptAsync("old", Before, static options => options);
        HeldSource source = new(Records, Then);
        bool fails = false;
        Dataflow flow = Flow("old", source, () => Interlocked.Exchange(ref fails, false));
        DurableJob job = EmbeddedCluster.StartDurable(flow.Build(), Embedded, Dropping(StoredJob.Options(_store, new StartFrom.Unsaid())));
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        Volatile.Write(ref fails, true);
        source.Release();

        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Records - Before, Counted);
    }

    [Fact]
    public async Task Failure_AfterARename_GoesOn()
    {
        await InterruptAsync("old", Before, static options => options);
        HeldSource source = new(Records, Then);
        bool fails = false;
        Dataflow flow = Flow("new", source, () => Interlocked.Exchange(ref fails, false));
        DurableJob job = EmbeddedCluster.StartDurable(flow.Build(), Embedded, StoredJob.Options(_store, new StartFrom.Unsaid()) with { Renames = [new("old", "new")], Restart = Soon });
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        Volatile.Write(ref fails, true);
        source.Release();

        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Records, Counted);
    }

    /// <summary>Once on a line of history, whether every start since has said it or not, and also when there was nothing to give up.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Start_WithADropThatWasDoneEarlier_KeepsWhatCameSince(bool fromTheBeginning)
    {
        if (!fromTheBeginning) await InterruptAsync("old", 10, static options => options);
        await InterruptAsync("old", Before, Dropping);
        await InterruptAsync("old", Then, static options => options);

        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(Flow("old", new(Records, -1)).Build(), Embedded, Dropping(StoredJob.Options(_store, new StartFrom.Unsaid()))).Completion).Ending);

        Assert.Equal(fromTheBeginning ? Records : Records - 10, Counted);
    }

    /// <summary>Another line of history is another start: what is asked for there is done, whoever asked for it before.</summary>
    [Fact]
    public async Task Start_OnAnotherLineOfHistory_DropsAgain()
    {
        await InterruptAsync("old", Before, static options => options);
        await InterruptAsync("old", Then, Dropping);

        DurableOptions again = Dropping(StoredJob.Options(_store, new StartFrom.Latest())) with { IsRewind = true };
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(Flow("old", new(Records, -1)).Build(), Embedded, again).Completion).Ending);

        Assert.Equal(Records - Then, Counted);
    }

    /// <summary>Seed 100983 of the simulation: the cure that the refusal named was what had been said. A command that stays in a script must not give up what came since without a word.</summary>
    [Fact]
    public async Task Start_OfAProgramWithoutTheOperator_AfterADropThatWasDone_IsRefusedWithTheWayOut()
    {
        await InterruptAsync("old", Before, static options => options);
        await InterruptAsync("old", Then, Dropping);

        DurableOptions repeated = Dropping(StoredJob.Options(_store, new StartFrom.Unsaid()));
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(
            () => EmbeddedCluster.StartDurable(Flow("new", new(Records, -1)).Build(), Embedded, repeated).Completion);
        Assert.Contains("was asked for and done before checkpoint 2 was taken, and is not done again by a command that is repeated: to give up what came since as well, add --from latest --rewind", refused.Message, StringComparison.Ordinal);
        StartPlan plan = await StartPlan.ReadAsync(Flow("new", new(Records, -1)).Build(), Embedded, repeated, TestContext.Current.CancellationToken);
        Assert.Contains(plan.Lines, static l => l.IsRefused && l.Why.Contains("--from latest --rewind", StringComparison.Ordinal));

        DurableOptions meant = Dropping(StoredJob.Options(_store, new StartFrom.Latest())) with { IsRewind = true };
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(Flow("new", new(Records, -1)).Build(), Embedded, meant).Completion).Ending);
        Assert.Equal(Records - Then, Counted);
    }

    /// <summary>How many records the operator knows of with the last one.</summary>
    int Counted => int.Parse(Assert.Single(_table.Visible, static line => line.StartsWith($"{Records - 1}:", StringComparison.Ordinal)).Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);

    static RestartPolicy Soon => new RestartPolicy.FixedDelay { Delay = TimeSpan.Zero };

    static EmbeddedOptions Embedded => new() { Parallelism = 1, Threads = 2 };

    static DurableOptions Dropping(DurableOptions options) => options with { Drops = ["old"], Restart = Soon };

    /// <summary>Runs the job as far as a number, has it take a checkpoint, and interrupts it.</summary>
    async Task InterruptAsync(string id, int at, Func<DurableOptions, DurableOptions> with)
    {
        HeldSource source = new(Records, at);
        DurableJob job = EmbeddedCluster.StartDurable(Flow(id, source).Build(), Embedded, with(StoredJob.Options(_store, new StartFrom.Unsaid())));
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        job.Interrupt("tested");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
    }

    Dataflow Flow(string id, HeldSource source, Func<bool>? fails = null)
    {
        Dataflow flow = new("dropping");
        flow.Source("numbers", source).KeyBy(static _ => 0).Process<string>(id, state => new Counting(state, fails)).Sink("out", new ModelSink(_table));
        return flow;
    }

    sealed class Counting(StateScope state, Func<bool>? fails) : IKeyedProcess<int, int, string>
    {
        readonly ValueState<int> _count = state.Value<int>("count");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            if (fails?.Invoke() == true) throw new InvalidOperationException("fails once");
            int count = _count.TryGet(out int before) ? before + 1 : 1;
            _count.Set(count);
            output.Emit($"{record.Value}:{count}");
        }
    }
}
