using System.Collections.Immutable;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A job that owes transactions is started by a program whose sink cannot commit them: refused by plan and start alike, before anything changes.</summary>
public sealed class OwedStartTests
{
    const int Records = 100;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    public static class Numbered
    {
        public sealed record ModelPrepared(int Id);
    }

    public static class Longer
    {
        public sealed record ModelPrepared(string Id, int Rows = 7);
    }

    [Fact]
    public async Task Start_SinkThatCannotReadWhatItOwes_IsRefusedByPlanAndStart()
    {
        await OweAsync();
        await AssertRefusedAsync(Flow(new OwingSink<Numbered.ModelPrepared>(new(1))), "OwedStartTests.Numbered.ModelPrepared.Id was string and is int32; declare it as string again, or make the new values from the old with IUpgrade");
    }

    [Fact]
    public async Task Start_SinkThatIsIdempotentNow_IsRefusedByPlanAndStart()
    {
        await OweAsync();
        await AssertRefusedAsync(Flow(static texts => texts.Sink("out", new KeyedSink())), "operator 'out' is no transactional sink any more; make it one again");
    }

    [Fact]
    public async Task Start_SinkThatIsNoneOfItsKindNow_IsRefusedByPlanAndStart()
    {
        await OweAsync();
        await AssertRefusedAsync(Flow(static texts => texts.Sink("out", DiscardSink.Of<string>())), "operator 'out' is no transactional sink any more; make it one again");
    }

    [Fact]
    public async Task Start_SinkWhoseTypeHasGrown_CommitsWhatItOwes()
    {
        await OweAsync();
        List<Longer.ModelPrepared> committed = [];
        Dataflow flow = Flow(new GrownSink(committed));
        Assert.True((await PlanAsync(flow, new StartFrom.Unsaid())).CanStart);
        Assert.Equal(JobEnding.Finished, (await Start(flow, new StartFrom.Unsaid()).Completion).Ending);
        Assert.Equal(new Longer.ModelPrepared("owed", 7), committed[0]);
    }

    /// <summary>One of the cures that the refusal names.</summary>
    [Fact]
    public async Task Start_OwedOutputGivenUp_GoesOn()
    {
        await OweAsync();
        Dataflow flow = Flow(static texts => texts.Sink("out", DiscardSink.Of<string>()));
        DurableOptions drop = StoredJob.Options(_store, new StartFrom.Unsaid()) with { Drops = ["out"] };
        Assert.True((await StartPlan.ReadAsync(flow.Build(), Embedded, drop, TestContext.Current.CancellationToken)).CanStart);
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(flow.Build(), Embedded, drop).Completion).Ending);
    }

    /// <summary>The same on another line of history.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Start_OwedOutputGivenUp_BeginsAnew(bool isFresh)
    {
        await OweAsync();
        Dataflow flow = Flow(static texts => texts.Sink("out", DiscardSink.Of<string>()));
        DurableOptions drop = StoredJob.Options(_store, isFresh ? new StartFrom.Fresh() : new StartFrom.Latest()) with { Drops = ["out"], IsRewind = true };
        StartPlan plan = await StartPlan.ReadAsync(flow.Build(), Embedded, drop, TestContext.Current.CancellationToken);
        Assert.True(plan.CanStart, string.Join('\n', plan.Lines));
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(flow.Build(), Embedded, drop).Completion).Ending);
    }

    /// <summary>The other cure: a savepoint names what was prepared with it, and the stop commits it.</summary>
    [Fact]
    public async Task Start_AfterTheStopOfWhatPrepared_ReadsNothingOld()
    {
        HeldSource source = new(Records, Records / 2);
        await StoredJob.StopAsync(_store, Flow(new ModelSink(_table), source), 1, source);
        Assert.Equal(Records / 2, _table.Visible.Count);

        foreach (Dataflow flow in (Dataflow[])[Flow(new OwingSink<Numbered.ModelPrepared>(new(1))), Flow(static texts => texts.Sink("out", DiscardSink.Of<string>()))])
        {
            StartPlan plan = await PlanAsync(flow, new StartFrom.LatestSavepoint());
            Assert.True(plan.CanStart, string.Join('\n', plan.Lines.Select(static l => $"{l.Fate} {l.Operator}/{l.State} {l.Why}")));
        }

        Assert.Equal(JobEnding.Finished, (await Start(Flow(static texts => texts.Sink("out", DiscardSink.Of<string>())), new StartFrom.LatestSavepoint()).Completion).Ending);
    }

    /// <summary>Leaves a job behind whose checkpoint is complete, and whose transaction is not committed.</summary>
    async Task OweAsync()
    {
        HeldSource source = new(Records, Records / 2);
        DurableJob job = EmbeddedCluster.StartDurable(
            Flow(new OwingSink<ModelPrepared>(new("owed")), source).Build(), Embedded, StoredJob.Options(_store, new StartFrom.Unsaid()) with { Restart = new RestartPolicy.None() });
        await source.Reached;
        Task<CheckpointAnswer> taken = job.CheckpointAsync();
        await Assert.ThrowsAsync<JobFailedException>(() => job.Completion);
        await taken;
        Assert.NotEmpty((await StateAsync()).Owed);
    }

    async Task AssertRefusedAsync(Dataflow flow, string why)
    {
        string expected = $"it owes transactions that this program cannot commit: {why}; or start the program that prepared them and stop it, which commits them; or give them up with --drop-state out";
        string[] before = [.. _store.Keys];
        StartPlan plan = await PlanAsync(flow, new StartFrom.Unsaid());
        Assert.False(plan.CanStart);
        UpgradeLine line = Assert.Single(plan.Lines, static l => l.IsRefused);
        Assert.Equal(("out", SchemaLock.Prepared, StateFate.Incompatible, expected), (line.Operator, line.State, line.Fate, line.Why));

        foreach (StartFrom from in (StartFrom[])[new StartFrom.Unsaid(), new StartFrom.Latest()])
        {
            StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => Start(flow, from).Completion);
            Assert.EndsWith($"does not fit the program:\n  out/prepared: {expected}", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, _store.Keys);
    }

    async Task<LedgerState> StateAsync() =>
        (await LedgerReader.ReadAsync(_store.Under("owing"), new LedgerKeys(""), "owing", TimeProvider.System, new(), TestContext.Current.CancellationToken))!.State;

    static EmbeddedOptions Embedded => new() { Parallelism = 1, Threads = 2 };

    DurableJob Start(Dataflow flow, StartFrom from) => StoredJob.Start(_store, flow, 1, from);

    Task<StartPlan> PlanAsync(Dataflow flow, StartFrom from) =>
        StartPlan.ReadAsync(flow.Build(), Embedded, StoredJob.Options(_store, from), TestContext.Current.CancellationToken);

    static Dataflow Flow<TPrepared>(ITransactionalSink<string, ImmutableArray<string>, TPrepared> sink, HeldSource? source = null) =>
        Flow(texts => texts.Sink("out", sink), source);

    static Dataflow Flow(Action<DataStream<string>> sink, HeldSource? source = null)
    {
        Dataflow flow = new("owing");
        sink(flow.Source("numbers", source ?? new(Records, -1)).Select(static n => $"{n}"));
        return flow;
    }

    /// <summary>A sink that prepares what an earlier version of it did, with more in it.</summary>
    sealed class GrownSink(List<Longer.ModelPrepared> committed) : ITransactionalSink<string, ImmutableArray<string>, Longer.ModelPrepared>
    {
        readonly OwingSink<Longer.ModelPrepared> _sink = new(new("new", 1));

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<Longer.ModelPrepared> owed, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<ITransactionalWriter<string, ImmutableArray<string>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            _sink.OpenAsync(context, function, cancellationToken);

        public ValueTask<Longer.ModelPrepared> PrepareAsync(ImmutableArray<string> part, CancellationToken cancellationToken) => _sink.PrepareAsync(part, cancellationToken);

        public ValueTask<CommitOutcome> CommitAsync(Longer.ModelPrepared prepared, CancellationToken cancellationToken)
        {
            lock (committed) committed.Add(prepared);
            return new(CommitOutcome.Committed);
        }
    }

    /// <summary>A sink that owes nothing.</summary>
    sealed class KeyedSink : IIdempotentSink<string>
    {
        public ValueTask RaiseFenceAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<IIdempotentWriter<string>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            throw new System.Diagnostics.UnreachableException("the start is refused");
    }
}
