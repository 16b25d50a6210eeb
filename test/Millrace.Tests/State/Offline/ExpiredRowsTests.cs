using System.Globalization;
using Millrace.State;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using Millrace.Tests.State.Expiry;
using Millrace.Tests.State.Snapshots;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>
/// A snapshot that still has the runs of an earlier one, in which rows lived that are over by now: the tool and the classes beside it show what a program would have
/// seen. Two instances own a half of the hash space each, and event time has come less far in the second.
/// </summary>
public sealed class ExpiredRowsTests : IDisposable
{
    const int Keys = 40, Lifetime = 100, Cut = 150, CutOfSecond = 120;

    static readonly CancellationToken s_never = CancellationToken.None;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TtlTime.EventTime)]
    [InlineData(TtlTime.ProcessingTime)]
    public async Task Read_LeavesOutWhatWasOver_AndCountsIt(TtlTime time)
    {
        await using StateSnapshot snapshot = await WriteAsync(time);
        (int Key, int Element, long Stamp)[] all = [.. Elements()], living = [.. all.Where(e => !IsOver(time, e.Key, e.Stamp))];
        Assert.InRange(living.Length, 5, all.Length - 5);
        // Some lists lose a part of their elements, some all.
        Assert.Contains(living.GroupBy(static e => e.Key), g => g.Count() < all.Count(e => e.Key == g.Key));

        foreach (string state in (string[])["list", "map"])
        {
            ExpiredTally tally = new();
            List<string> rows = await snapshot.ReadAsync("states", state, new() { Expired = tally }).Select(static r => $"{r["key"]} {r["value"]}").ToListAsync();
            Assert.Equal(living.Select(static e => $"{e.Key} {e.Element}").Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
            Assert.Equal(all.Length - living.Length, tally.Count);
        }

        Dictionary<int, IReadOnlyList<int>> lists = await snapshot.ReadListsAsync<int, int>("states", "list").ToDictionaryAsync(static l => l.Key, static l => l.Value);
        Assert.Equal(living.GroupBy(static e => e.Key).Select(static g => g.Key).Order(), lists.Keys.Order());
        foreach ((int key, IReadOnlyList<int> elements) in lists) Assert.Equal(living.Where(e => e.Key == key).Select(static e => e.Element), elements);
        Assert.Equal(living.Length, await snapshot.ReadMapEntriesAsync<int, int, int>("states", "map").CountAsync());
        Assert.Equal(living.Select(static e => e.Key).Distinct().Order(), (await snapshot.ReadValuesAsync<int, string>("states", "value").Select(static v => v.Key).ToListAsync()).Order());
    }

    [Theory]
    [InlineData(TtlTime.EventTime)]
    [InlineData(TtlTime.ProcessingTime)]
    public async Task Read_WithExpiredAndTimes_TellsThemApart(TtlTime time)
    {
        await using StateSnapshot snapshot = await WriteAsync(time);
        StateQuery query = new() { WithExpired = true, WithTimes = true, Expired = new() };
        StateColumns columns = snapshot.Columns("states", "list", query);
        Assert.Equal(["key", "index", "value", "renewed", "expires", "isExpired"], columns.Names);
        int over = 0;
        await foreach (StateValue.Row row in snapshot.ReadAsync("states", "list", query))
        {
            int key = int.Parse(row["key"].ToString(), CultureInfo.InvariantCulture);
            long stamp = Elements().Single(e => e.Element == int.Parse(row["value"].ToString(), CultureInfo.InvariantCulture)).Stamp;
            Assert.Equal((StateValue.Scalar.Of(new Timestamp(stamp)), StateValue.Scalar.Of(new Timestamp(stamp + Lifetime))), (row["renewed"], row["expires"]));
            Assert.Equal(StateValue.Scalar.Of(IsOver(time, key, stamp)), row["isExpired"]);
            if (IsOver(time, key, stamp)) over++;
        }

        Assert.Equal(query.Expired.Count, over);
        foreach (string state in (string[])["value", "sum", "all", "map"])
        {
            query = query with { Expired = new(), Where = StatePredicate.Parse("isExpired", snapshot.Columns("states", state, query)) };
            Assert.Equal(await snapshot.ReadAsync("states", state, query).CountAsync(), query.Expired!.Count);
            Assert.InRange(query.Expired.Count, 1, Keys * 2);
        }
    }

    [Fact]
    public async Task Copy_LeavesOutWhatWasOver_AndKeepsTheTimesOfTheRest()
    {
        await using StateSnapshot snapshot = await WriteAsync(TtlTime.EventTime);
        await using (SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder["copy"], new() { Job = "expiring" }))
        {
            foreach (string state in (string[])["list", "map", "value"]) await savepoint.CopyStateAsync(snapshot, "states", state);
            await savepoint.CopyStateAsync(snapshot, "states", "list", newStateName: "changed", change: static row => row);
            await savepoint.CompleteAsync();
        }

        await using StateSnapshot copy = await StateSnapshot.OpenAsync(Stores, _folder["copy"]);
        StateQuery query = new() { WithTimes = true, WithExpired = true, Expired = new() };
        foreach (string state in (string[])["list", "map", "value", "changed"])
        {
            List<string> before = await snapshot.ReadAsync("states", state == "changed" ? "list" : state, query with { WithExpired = false }).Select(static r => r.ToJson()).ToListAsync();
            List<string> after = await copy.ReadAsync("states", state, query with { WithExpired = false }).Select(static r => r.ToJson()).ToListAsync();
            Assert.Equal(before.Order(StringComparer.Ordinal), after.Order(StringComparer.Ordinal));
            ExpiredTally left = new();
            Assert.Equal(after.Count, await copy.ReadAsync("states", state, query with { Expired = left }).CountAsync());
            Assert.Equal(0, left.Count);
        }
    }

    [Fact]
    public async Task Tool_SaysHowManyAreLeftOut_AndShowsThemWhenAsked()
    {
        await (await WriteAsync(TtlTime.ProcessingTime)).DisposeAsync();
        int over = Elements().Count(static e => IsOver(TtlTime.ProcessingTime, e.Key, e.Stamp)), living = Elements().Count() - over;

        HostOutcome table = await RunAsync("state", "query", _folder["s"], "--operator", "states", "--state", "list");
        Assert.Equal((ExitCodes.Finished, ""), (table.ExitCode, table.Error));
        Assert.Matches($@"\n{living} rows of savepoint 9 of .*\n{over} expired rows left out; --expired shows them\n$", table.Output);
        HostOutcome csv = await RunAsync("state", "query", _folder["s"], "--operator", "states", "--state", "list", "--format", "csv", "--limit", "0");
        Assert.Equal((living + 1, $"millrace: {over} expired rows left out; --expired shows them\n"), (csv.Output.Count(static c => c == '\n'), csv.Error));
        HostOutcome shown = await RunAsync("state", "query", _folder["s"], "--operator", "states", "--state", "list", "--format", "csv", "--limit", "0", "--expired", "--times");
        Assert.Equal("", shown.Error);
        Assert.StartsWith("key,index,value,renewed,expires,isExpired\n", shown.Output, StringComparison.Ordinal);
        Assert.Equal(over, shown.Output.Split('\n').Count(static l => l.EndsWith(",true", StringComparison.Ordinal)));
        string[] one = (await RunAsync("state", "query", _folder["s"], "--operator", "states", "--state", "map", "--key", "39", "--format", "json", "--times")).Output.TrimEnd().Split('\n');
        Assert.Equal("""{"key":39,"mapKey":39,"value":39,"renewed":"1970-01-01T00:00:00.0000078Z","expires":"1970-01-01T00:00:00.0000178Z"}""", one[0]);

        HostOutcome export = await RunAsync("state", "export", _folder["s"], "--operator", "states", "--state", "list", "--to", _folder["list.csv"]);
        Assert.Matches($@"^{living} rows of states/list in .*\n{over} expired rows left out; --expired shows them\n$", export.Output);
        HostOutcome diff = await RunAsync("state", "diff", _folder["s"], _folder["s"], "--operator", "states", "--state", "map");
        Assert.Equal($"states/map: 0 added, 0 removed, 0 changed, {living} the same; expired rows left out: {over} of the first, {over} of the second\n", diff.Output);
        diff = await RunAsync("state", "diff", _folder["s"], _folder["s"], "--operator", "states", "--state", "map", "--expired");
        Assert.StartsWith($"states/map: 0 added, 0 removed, 0 changed, {living + over} the same; expired rows among them: {over} of the first", diff.Output, StringComparison.Ordinal);
        Assert.Contains("00:00:00.0000100 of processing time since the last write", (await RunAsync("state", "ls", _folder["s"])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_OfStateWithoutATtl_AreRefused()
    {
        await OfflineSamples.WriteAsync(_folder["plain"]);
        HostOutcome query = await RunAsync("state", "query", _folder["plain"], "--operator", "totals", "--times");
        Assert.Equal(ExitCodes.Refused, query.ExitCode);
        Assert.Contains("state 'state' of operator 'totals' has no TTL, and so no times: leave out --times", query.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await RunAsync("state", "query", _folder["plain"], "--operator", "totals", "--expired", "--limit", "5")).ExitCode);
    }

    // Every key has an element, and some a second one, of which the number is a thousand more. None is over yet when the last is written.
    static IEnumerable<(int Key, int Element, long Stamp)> Elements() =>
        from key in Enumerable.Range(0, Keys)
        from element in key % 4 == 0 ? (int[])[key, key + 1_000] : [key]
        select (key, element, element >= 1_000 ? 50L + key : key * 2L);

    static bool IsOver(TtlTime time, int key, long stamp) => stamp + Lifetime <= (time == TtlTime.EventTime && Half(key) == 1 ? CutOfSecond : Cut);

    static int Half(int key) => KeyRange.Of(0, 2).Contains(default(Int32KeyOps).Hash(key)) ? 0 : 1;

    async Task<StateSnapshot> WriteAsync(TtlTime time)
    {
        StateTtl ttl = time == TtlTime.EventTime ? StateTtl.EventTime(new(Lifetime)) : StateTtl.ProcessingTime(new(Lifetime));
        MemoryStore store = new();
        await using PackWriter writer = new(store, "s/", SnapshotSamples.Origin(9), new PackOptions());
        List<SlicePart> slices = [];
        for (int half = 0; half < 2; half++)
        {
            ExpiringInstance<Int32KeyOps> instance = Filled(ttl, half);
            KeyRange range = KeyRange.Of(half, 2);
            List<StateEntry> states = [];
            foreach (ISnapshotRows rows in instance.Rows)
            {
                rows.Begin(new(9, 0, range, true));
                int budget = int.MaxValue;
                Assert.True(rows.Capture(ref budget));
                CapturedRun captured = Assert.Single(rows.Take());
                using RunWriter run = writer.BeginRun(RunDescription.Of("states", rows.Schema, 9, captured));
                await captured.WriteAsync(run, s_never);
                states.Add(new() { Schema = rows.Schema, Runs = [await run.CompleteAsync(s_never)] });
            }

            slices.Add(new()
            {
                OperatorId = "states", Subtask = half, Range = range, States = states,
                Watermark = time == TtlTime.EventTime ? new(half == 0 ? Cut : CutOfSecond) : Timestamp.None,
            });
        }

        SnapshotManifest manifest = ManifestBuilder.Build(new SnapshotDraft
        {
            Id = 9, Kind = SnapshotKind.Savepoint, Job = "expiring", Timeline = "00112233445566778899aabbccddeeff", Attempt = SnapshotSamples.Attempt,
            TakenAt = DateTimeOffset.UnixEpoch.AddTicks(Cut), Engine = "0.1.0", Fingerprint = "f00d", Operators = [new OperatorDraft("states", "Process", 2)],
            Workers = [new WorkerPart(await writer.CompleteAsync(s_never), slices)],
        });
        store.Objects["s/_metadata"] = ManifestJson.Write(manifest);
        foreach ((string key, byte[] bytes) in store.Objects) _folder.Write(key, bytes);
        return await StateSnapshot.OpenAsync(Stores, _folder["s"]);
    }

    static ExpiringInstance<Int32KeyOps> Filled(StateTtl ttl, int half)
    {
        ExpiringInstance<Int32KeyOps> instance = new(ttl, ttl.Time, 0);
        foreach ((int key, int element, long stamp) in Elements().OrderBy(static e => e.Stamp))
        {
            instance.AdvanceTo(stamp);
            if (Half(key) != half) continue;
            instance.On(key);
            // A list is not read on the way: nothing that is over by now is removed.
            instance.List.Add(element);
            instance.Map.Set(element, element);
            instance.Value.Set($"{element}");
            instance.Box.Set(new());
            instance.Sum.Add(element);
            instance.All.Add(element);
        }

        return instance;
    }
}
