using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using Millrace.Testing.Stores;
using static Millrace.Tests.Runtime.Durable.EvolvingJob;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// Savepoints in <c>test/golden/&lt;version&gt;/kinds</c> with what those of <see cref="GoldenJobTests"/> do not have: timers on the clock, lists that every instance gets, and transactions
/// that a sink had prepared. Every later build goes on with them, as a version with other types.
/// </summary>
public sealed class GoldenKindsTests
{
    const int Records = 200, Until = 100, Written = 2;

    static readonly Timestamp s_first = new DateTime(2100, 1, 1), s_second = new DateTime(2100, 2, 1);

    [Fact]
    public async Task Start_FromEveryGoldenSavepoint_FiresItsTimers_AndWhatWasPreparedCanBeCommitted()
    {
        foreach (string folder in await GoldenFiles.FoldersAsync(FormatVersion.Pack, "kinds", WriteAsync))
        {
            MemoryObjectStore store = new(TimeProvider.System);
            await GoldenFiles.LoadAsync(folder, "golden/", (key, bytes) => store.PutAsync(key, bytes, CancellationToken.None));
            ModelTable table = new();
            HeldSource source = new(Records, Records - 10);
            Firings firings = new(Keys * 3);
            Dataflow flow = Flow(source, table, state => new TimersAfter(state, firings), static scope => new ListsAfter(scope));
            string[] owed = await CommitAsync(store, table, new(flow.Build()));
            DurableJob job = StoredJob.Start(store, flow, 3, new StartFrom.Address("memory://golden"), new LateTime());
            await firings.All;
            source.Release();
            Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);

            string[] lines = [.. table.Visible];
            Assert.Equal(owed.Select(static id => $"owed {id}").Order(StringComparer.Ordinal), Of(lines, "owed"));
            Assert.Equal(
                Enumerable.Range(0, Keys).SelectMany(static k => (string[])[$"timer {k} once {s_first}", $"timer {k} set {s_first}", $"timer {k} set {s_second}"]).Order(StringComparer.Ordinal), Of(lines, "timer"));
            // Every instance has what all had, and what all of them had alike.
            Assert.Equal(Enumerable.Repeat($"union {string.Join(",", Enumerable.Range(0, Written).Select(static i => $"{i}/none"))}", 3), Of(lines, "union"));
            Assert.Equal(Enumerable.Repeat("broadcast Low2Small", 3), Of(lines, "broadcast"));
        }
    }

    static string[] Of(string[] lines, string word) => [.. lines.Where(l => l.StartsWith($"{word} ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Commits what the manifest says is owed, as whoever leads the job does, into a table in which the parts are prepared. Gives their names. A start from the address of a savepoint
    /// leaves them to the job that took it.
    /// </summary>
    static async Task<string[]> CommitAsync(MemoryObjectStore store, ModelTable table, OwedSinks sinks)
    {
        SnapshotReader reader = await SnapshotReader.OpenAsync(store, "golden/_metadata", null, CancellationToken.None);
        Assert.NotEmpty(reader.Manifest.Owed);
        Assert.Empty(sinks.Unreadable(reader.Manifest.Owed));
        List<string> names = [];
        foreach (OwedTransaction owed in reader.Manifest.Owed)
        {
            ModelPrepared prepared = Codec.Of<ModelPrepared>().ReadingFrom(owed.Schema).Decode(owed.Data.Span);
            names.Add(prepared.Id);
            table.Prepare(prepared.Id, [$"owed {prepared.Id}"]);
            Assert.Equal(CommitOutcome.Committed, await sinks.CommitAsync(owed, CancellationToken.None));
        }

        return [.. names];
    }

    static async Task WriteAsync(string folder)
    {
        MemoryObjectStore store = new(TimeProvider.System);
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(store, Flow(source, new(), static state => new TimersBefore(state), static scope => new ListsBefore(scope)), Written, source);
        string root = StoredJob.SavepointOf(store);
        foreach (string key in store.Keys.Where(k => k.StartsWith(root, StringComparison.Ordinal)))
            await GoldenFiles.SaveAsync(folder, key[root.Length..], (await store.TryGetAsync(key, CancellationToken.None))!);
    }

    static Dataflow Flow(HeldSource source, ModelTable table, Func<StateScope, IKeyedProcess<int, int, string>> timers, Func<OperatorScope, IProcess<int, string>> lists)
    {
        Dataflow flow = new("kinds");
        DataStream<int> numbers = flow.Source("numbers", source).WithParallelism(1);
        numbers.KeyBy(static n => n % Keys).Process("timers", timers).Union(numbers.Rebalance().Process("lists", lists)).Sink("out", new ModelSink(table));
        return flow;
    }

    /// <summary>A clock that shows a time after every deadline.</summary>
    sealed class LateTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddYears(200);
    }

    /// <summary>Counts firings of all instances.</summary>
    sealed class Firings(int expected)
    {
        readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _count;

        /// <summary>Completes when all have fired.</summary>
        public Task All => _all.Task;

        public void Add()
        {
            if (Interlocked.Increment(ref _count) == expected) _all.SetResult();
        }
    }

    sealed class TimersBefore(StateScope state) : IKeyedProcess<int, int, string>
    {
        readonly ProcessingTimer _once = state.ProcessingTimer("once");
        readonly ProcessingTimerSet _set = state.ProcessingTimerSet("set");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _once.Set(s_first);
            _set.Add(s_first);
            _set.Add(s_second);
            output.Emit($"before {record.Value}");
        }

        public void OnTimer(in Firing<int> firing, Output<string> output) => throw new InvalidOperationException("the clock is past the year 2100; write the golden files with earlier deadlines");
    }

    sealed class TimersAfter(StateScope state, Firings firings) : IKeyedProcess<int, int, string>
    {
        readonly ProcessingTimer _once = state.ProcessingTimer("once");
        readonly ProcessingTimerSet _set = state.ProcessingTimerSet("set");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            output.Emit($"timer {firing.Key} {(ReferenceEquals(firing.Timer, _once) ? "once" : ReferenceEquals(firing.Timer, _set) ? "set" : "another")} {firing.Timestamp}");
            firings.Add();
        }
    }

    sealed class ListsBefore(OperatorScope scope) : IProcess<int, string>, IOpen
    {
        readonly OperatorList<Before.Sale> _union = scope.UnionList<Before.Sale>("union");
        readonly OperatorList<Before.Total> _broadcast = scope.BroadcastList<Before.Total>("broadcast");

        public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
        {
            _union.Add(new(context.Subtask.Index, null));
            _broadcast.Add(new(2, 1, Before.Level.Low, "Low"));
            return ValueTask.CompletedTask;
        }

        public void OnRecord(in Record<int> record, Output<string> output) => output.Emit($"before {record.Value}");
    }

    sealed class ListsAfter(OperatorScope scope) : IProcess<int, string>
    {
        readonly OperatorList<After.Sale> _union = scope.UnionList<After.Sale>("union");
        readonly OperatorList<After.Total> _broadcast = scope.BroadcastList<After.Total>("broadcast");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
        }

        public void OnEnd(Output<string> output)
        {
            output.Emit($"union {string.Join(",", _union.ToArray().OrderBy(static s => s.Number).Select(static s => $"{s.Number}/{s.At?.Shop ?? "none"}"))}");
            output.Emit($"broadcast {string.Join(",", _broadcast.ToArray().Select(static t => $"Low{t.Amount}{t.Level}"))}");
        }
    }
}
