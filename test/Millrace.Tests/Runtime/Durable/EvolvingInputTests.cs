using System.Runtime.CompilerServices;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.State;
using Millrace.State.Offline;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>What is not state of a function, in a plan and in a start of a later version: where a source was, and records that were on their way.</summary>
public sealed class EvolvingInputTests
{
    const int Keys = 5, Records = 300, Until = 200, Overtaken = 1_000, OvertakenCount = 64;

    readonly OfflineStart _offline = new();

    static class V1
    {
        internal sealed record Part(string Id, int Next, string Comment) : ISplit;
        internal sealed record Sale(int Number, string Comment);
    }

    static class V2
    {
        internal sealed record Part(string Id, [FormerName("Next")] long Offset, string? Note, int Version = 2) : ISplit;
        internal sealed record Sale([FormerName("Number")] long Id, string? Note, bool IsOnline = true);
    }

    static class V3
    {
        internal sealed record Part(string Id, Guid Next) : ISplit;
        internal sealed record Sale(string Number);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Start_WithPositionsOfAnotherType_ReadsOnWhereTheSourceWas(int before, int after)
    {
        MemoryObjectStore store = new(TimeProvider.System);
        ModelTable table = new();
        Numbers<V1.Part> source = new(Until, static () => new("all", 0, "whole"), static p => p.Next, static (p, next) => p with { Next = next });
        DurableJob job = StoredJob.Start(store, PartsFlow(source, table), before, new StartFrom.Unsaid());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        await job.Completion;
        Assert.Equal(Until, table.Visible.Count);

        Dataflow next = PartsFlow(new Numbers<V2.Part>(-1, static () => throw new InvalidOperationException("it was found before"), static p => (int)p.Offset, static (p, at) => p with { Offset = at }), table);
        UpgradeLine line = Line(await StoredJob.PlanAsync(store, next), "numbers", "splits", StateFate.Changed);
        foreach (string part in (string[])["Part.Offset widened from int32 to int64", "Part.Offset renamed from Next", "Part.Comment removed", "Part.Note new, default null", "Part.Version new, default 2"]) Assert.Contains(part, line.Why, StringComparison.Ordinal);
        Dataflow broken = PartsFlow(new Numbers<V3.Part>(-1, static () => new("all", default), static _ => 0, static (p, _) => p), table);
        string[] keys = [.. store.Keys];
        line = Line(await StoredJob.PlanAsync(store, broken), "numbers", "splits", StateFate.Incompatible);
        Assert.Contains("Part.Next was int32 and is guid; declare it as int32 again, or make the new values from the old with IUpgrade; or give the state up with --drop-state numbers/splits", line.Why, StringComparison.Ordinal);
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => EmbeddedCluster.StartDurable(
            broken.Build(), new() { Parallelism = 1, Threads = 2 }, StoredJob.Options(store, new StartFrom.LatestSavepoint()) with { IsRewind = true }).Completion);
        Assert.Contains("numbers/splits: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(keys, store.Keys);

        Assert.Equal(JobEnding.Finished, (await StoredJob.Start(store, next, after, new StartFrom.LatestSavepoint()).Completion).Ending);
        Assert.Equal(Enumerable.Range(0, Records).Select(static n => $"{n}").Order(StringComparer.Ordinal), table.Visible);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Start_WithRecordsOnTheirWayOfAnotherType_ReadsThem(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await CopyAsync(taken);

        await _offline.RunAsync("copy", source => SalesFlow(source, static n => new V2.Sale(n, null), static s => s.Id % Keys, static s => $"{s.Id} {s.Note ?? "none"} {s.IsOnline}"), Records, after);

        IEnumerable<int> all = [.. Enumerable.Range(Overtaken, OvertakenCount), .. Enumerable.Range(Until, Records - Until)];
        Dictionary<int, int> counts = Enumerable.Range(0, Until).GroupBy(static n => n % Keys).ToDictionary(static g => g.Key, static g => g.Count());
        Assert.Equal(all.Select(n => $"{n} none True is number {++counts[n % Keys]}").Order(StringComparer.Ordinal), _offline.Answer.Where(static l => l.Contains("none True", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_WithRecordsOnTheirWayThatDoNotFit_IsRefused_UnlessTheyAreGivenUp()
    {
        await using StateSnapshot taken = await TakeAsync(2);
        await CopyAsync(taken);
        Dataflow broken = SalesFlow(new(Records, -1), static n => new V3.Sale($"{n}"), static s => s.Number.Length, static s => s.Number);
        DurableOptions options = StoredJob.Options(_offline.Store, new StartFrom.Address("memory://copy")) with { IsRewind = true, Drops = ["sales/count"] };
        EmbeddedOptions embedded = new() { Parallelism = 2, Threads = 2 };
        string[] keys = [.. _offline.Store.Keys];

        UpgradeLine line = Line(await StartPlan.ReadAsync(broken.Build(), embedded, options, TestContext.Current.CancellationToken), "sales", "in-flight", StateFate.Incompatible);
        Assert.Contains("Sale.Number was int32 and is string; declare it as int32 again, or make the new values from the old with IUpgrade; or give the state up with --drop-in-flight sales", line.Why, StringComparison.Ordinal);
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => EmbeddedCluster.StartDurable(broken.Build(), embedded, options).Completion);
        Assert.Contains("sales/in-flight: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(keys, _offline.Store.Keys);

        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(broken.Build(), embedded, options with { InFlightDrops = ["sales"] }).Completion).Ending);
    }

    async Task<StateSnapshot> TakeAsync(int parallelism)
    {
        await using StateSnapshot taken = await _offline.TakeAsync(source => SalesFlow(source, static n => new V1.Sale(n, "old"), static s => s.Number % Keys, static s => s.Comment), Until, Records, parallelism);
        return await _offline.OvertakeAsync(taken, "sales", [.. Enumerable.Range(Overtaken, OvertakenCount).Select(static n => new V1.Sale(n, "old"))], static s => KeyTypes.Of<int>().Hash(s.Number % Keys), Timestamp.None);
    }

    Task CopyAsync(StateSnapshot taken) => _offline.WriteAsync("copy", async savepoint =>
    {
        await savepoint.CopyOperatorAsync(taken, "numbers");
        await savepoint.CopyOperatorAsync(taken, "sales");
    });

    static UpgradeLine Line(StartPlan plan, string op, string state, StateFate fate)
    {
        UpgradeLine line = Assert.Single(plan.Lines, l => l.Operator == op && l.State == state);
        Assert.True(line.Fate == fate, $"{line}");
        return line;
    }

    static Dataflow PartsFlow<TSplit>(Numbers<TSplit> source, ModelTable table)
        where TSplit : class, ISplit
    {
        Dataflow flow = new("parts");
        flow.Source("numbers", source).WithParallelism(1).Select(static n => $"{n}").Sink("out", new ModelSink(table));
        return flow;
    }

    Dataflow SalesFlow<TSale, TKey>(HeldSource source, Func<int, TSale> of, Func<TSale, TKey> keyOf, Func<TSale, string> text)
        where TKey : notnull
    {
        Dataflow flow = new(BooksJob.Name);
        flow.Source("numbers", source).WithParallelism(1).Select(of).WithParallelism(1).KeyBy(keyOf).Process("sales", state => new Counter<TKey, TSale>(state, text)).Sink("out", new ModelSink(_offline.Table));
        return flow;
    }

    sealed class Counter<TKey, TSale>(StateScope state, Func<TSale, string> text) : IKeyedProcess<TKey, TSale, string>
        where TKey : notnull
    {
        readonly ValueState<int> _count = state.Value<int>("count");

        public void OnRecord(in Record<TSale> record, Output<string> output)
        {
            _count.Set((_count.TryGet(out int count) ? count : 0) + 1);
            output.Emit($"{text(record.Value)} is number {count + 1}");
        }
    }

    /// <summary>The numbers from zero in one split of any type, held back for good at a number.</summary>
    sealed class Numbers<TSplit>(int heldAt, Func<TSplit> all, Func<TSplit, int> nextOf, Func<TSplit, int, TSplit> at) : ISource<int, TSplit>
        where TSplit : class, ISplit
    {
        readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        readonly TaskCompletionSource _never = new();

        public Task Reached => _reached.Task;

        public bool IsBounded => true;

        public async IAsyncEnumerable<TSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return all();
        }

        public ValueTask<ISplitReader<int, TSplit>> OpenAsync(TSplit split, FunctionContext context, CancellationToken cancellationToken) => new(new Reader(this, split));

        sealed class Reader(Numbers<TSplit> source, TSplit split) : ISplitReader<int, TSplit>
        {
            int _next = source.NextOf(split);

            public TSplit Position => source.At(split, _next);

            public ReadStatus TryRead(ref BatchWriter<int> batch)
            {
                while (batch.HasRoom && _next < Records && _next != source.HeldAt) batch.Add(_next++);
                if (_next == Records) return ReadStatus.Finished;
                if (_next != source.HeldAt) return ReadStatus.More;
                source._reached.TrySetResult();
                return ReadStatus.Empty;
            }

            public ValueTask WaitAsync(CancellationToken cancellationToken) => new(source._never.Task.WaitAsync(cancellationToken));

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }

        int HeldAt => heldAt;

        int NextOf(TSplit split) => nextOf(split);

        TSplit At(TSplit split, int next) => at(split, next);
    }
}
