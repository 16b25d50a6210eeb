using Millrace.State;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.Cli;

/// <summary>Two snapshots compared by the tool: all rows, those of a key, those for which a condition holds.</summary>
public sealed class StateDiffTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Diff_CountsAndShowsWhatBecameOfRows()
    {
        await WriteBothAsync();

        string diff = await DiffAsync();
        Assert.Contains("accounts/reminders: only in the first\n", diff, StringComparison.Ordinal);
        Assert.Contains("accounts/account: 0 added, 0 removed, 0 changed, 3 the same\n", diff, StringComparison.Ordinal);
        Assert.Contains("accounts/visits: 1 added, 1 removed, 1 changed, 0 the same\n", diff, StringComparison.Ordinal);
        // Other places in the order of insertion are no change.
        Assert.Contains("accounts/limits: 0 added, 0 removed, 1 changed, 2 the same\n", diff, StringComparison.Ordinal);
        Assert.Contains("totals/state: 0 added, 1 removed, 1 changed, 998 the same\n", diff, StringComparison.Ordinal);
        Assert.Matches(@"\n *~ +bob +\[5\] +\[5,6\]", diff);
        Assert.Matches(@"\n *~ +ann +card +500 +501", diff);
    }

    [Fact]
    public async Task Diff_InEveryFormat_SaysTheSame()
    {
        await WriteBothAsync();

        string[] json = (await DiffAsync("--operator", "totals", "--state", "state", "--format", "json", "--limit", "1")).TrimEnd().Split('\n');
        Assert.Equal(2, json.Length);
        Assert.Equal("""{"operator":"totals","state":"state","added":0,"removed":1,"changed":1,"same":998,"expiredBefore":0,"expiredAfter":0}""", json[1]);
        json = (await DiffAsync("--operator", "totals", "--format", "json", "--limit", "0")).TrimEnd().Split('\n');
        Assert.Equal(["""{"operator":"totals","state":"state","change":"changed","key":7,"before":70,"after":1}""", """{"operator":"totals","state":"state","change":"removed","key":5,"before":50,"after":null}"""], json[..2].Order(StringComparer.Ordinal));

        HostOutcome csv = await RunAsync("state", "diff", _folder["a"], _folder["b"], "--operator", "accounts", "--state", "limits", "--format", "csv");
        Assert.Equal("operator,state,change,key,sub,before,after\naccounts,limits,changed,ann,card,500,501\n", csv.Output);
        Assert.Equal("millrace: accounts/limits: 0 added, 0 removed, 1 changed, 2 the same\n", csv.Error);
        csv = await RunAsync("state", "diff", _folder["a"], _folder["b"], "--format", "csv", "--limit", "0");
        Assert.Equal(7, csv.Output.TrimEnd().Split('\n').Length);
        Assert.Contains("accounts,visits,changed,bob,,[5],\"[5,6]\"\n", csv.Output, StringComparison.Ordinal);
        Assert.Contains("accounts/reminders: only in the first\n", csv.Error, StringComparison.Ordinal);

        Assert.Equal("totals/state: 0 added, 1 removed, 1 changed, 998 the same\n", await DiffAsync("--operator", "totals", "--counts"));
        Assert.EndsWith("… and 1 more; --limit shows them\n", await DiffAsync("--operator", "totals", "--limit", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_OfAKeyOrWhereAConditionHolds_HasThoseRowsAlone()
    {
        await WriteBothAsync();

        Assert.Equal("totals/state: 0 added, 1 removed, 0 changed, 0 the same\n", await DiffAsync("--operator", "totals", "--key", "5", "--counts"));
        Assert.Equal("totals/state: 0 added, 0 removed, 0 changed, 1 the same\n", await DiffAsync("--operator", "totals", "--key", "6"));
        Assert.Equal("accounts/limits: 0 added, 0 removed, 1 changed, 1 the same\n", await DiffAsync("--operator", "accounts", "--state", "limits", "--key", "ann", "--counts"));
        Assert.Equal("accounts/account: 0 added, 0 removed, 0 changed, 1 the same\n", await DiffAsync("--operator", "accounts", "--state", "account", "--key", """{"Region":"EU","Id":2}"""));
        // What was or is so: 7 was 70 and is 1.
        Assert.Equal("totals/state: 0 added, 0 removed, 1 changed, 1 the same\n", await DiffAsync("--operator", "totals", "--where", "value = 70 or value = 60", "--counts"));
        Assert.Equal("totals/state: 0 added, 0 removed, 1 changed, 0 the same\n", await DiffAsync("--operator", "totals", "--where", "value = 1", "--counts"));
        Assert.Equal("totals/state: 0 added, 1 removed, 1 changed, 6 the same\n", await DiffAsync("--operator", "totals", "--where", "key < 8", "--counts"));
        Assert.Equal("accounts/visits: 0 added, 1 removed, 1 changed, 0 the same\n", await DiffAsync("--operator", "accounts", "--state", "visits", "--where", "value = 6", "--counts"));
        Assert.Equal("accounts/limits: 0 added, 0 removed, 1 changed, 0 the same\n", await DiffAsync("--operator", "accounts", "--state", "limits", "--where", "mapKey = 'card'", "--counts"));
        Assert.Equal("accounts/limits: 0 added, 0 removed, 0 changed, 0 the same\n", await DiffAsync("--operator", "accounts", "--state", "limits", "--key", "bob", "--where", "mapKey = 'card'", "--counts"));
        Assert.Equal("accounts/expiry: 0 added, 0 removed, 0 changed, 1 the same\n", await DiffAsync("--operator", "accounts", "--state", "expiry", "--where", "deadline > '2030-06-01'"));
    }

    [Theory]
    [InlineData("--operator nobody", "has no operator 'nobody'; it has 'accounts', 'totals'")]
    [InlineData("--operator accounts --state debts", "has no state 'debts'; it has 'account', 'visits'")]
    [InlineData("--state debts", "has no state 'debts'; it has 'account', 'visits'")]
    [InlineData("--key 5", "--key and --where are asked of one state: name it with --operator and --state")]
    [InlineData("--operator accounts --where key='ann'", "operator 'accounts' has several states; name one with --state: 'account', 'visits'")]
    [InlineData("--operator totals --key many", "--key: 'many' is not a value of type int32; keys of state 'state' are int32")]
    [InlineData("--operator totals --where valeu>5", "there is no 'valeu': there are key, value (at character 1 of the condition: ▸valeu>5)")]
    [InlineData("--operator accounts --state reminders --key ann", "operator 'accounts' has no state 'reminders'; it has 'expiry', 'account', 'visits', 'limits'")]
    [InlineData("--limit 0", "a table has at most 10,000 rows")]
    [InlineData("--format xml", "'xml'")]
    public async Task Diff_AWrongCommandLine_IsRefusedWithTheCure(string words, string cure)
    {
        await WriteBothAsync();

        HostOutcome diff = await RunAsync(["state", "diff", _folder["a"], _folder["b"], .. words.Split(' ')]);

        Assert.Equal(ExitCodes.Refused, diff.ExitCode);
        Assert.Contains(cure, diff.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("the same", diff.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ByKey_AsksForTheFooterAndOneBlockOfEach()
    {
        const int many = 40_000;
        foreach (string name in (string[])["a", "b"])
        {
            await using SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder[name], new() { Job = "bank" });
            await savepoint.AddValuesAsync("totals", "state", Enumerable.Range(0, many).Select(n => new KeyValue<int, string>(n, $"value of {n} in {name}")).ToAsyncEnumerable(), ValueStateKind.Fold);
            await savepoint.CompleteAsync();
        }

        await using CountingStore first = new(new LocalObjectStore(_folder["a"], new NonceSource(1))), second = new(new LocalObjectStore(_folder["b"], new NonceSource(2)));
        StateSnapshot before = new(await SnapshotReader.OpenAsync(first, SnapshotKeys.ManifestName, null, default)), after = new(await SnapshotReader.OpenAsync(second, SnapshotKeys.ManifestName, null, default));
        StoreCounts firstBefore = first.Counts, secondBefore = second.Counts;
        DifferenceTally tally = new();

        RowDifference[] rows = await StateDifferences.ReadAsync(before, after, "totals", "state", tally, new() { Key = StateValue.Scalar.Of(4_711) }).ToArrayAsync();

        Assert.Equal((RowChange.Changed, "value of 4711 in a", "value of 4711 in b"), (rows.Single().Change, rows[0].Before.ToString(), rows[0].After.ToString()));
        Assert.Equal((0L, 0L, 1L, 0L), (tally.Added, tally.Removed, tally.Changed, tally.Same));
        foreach ((StoreCounts cost, StateSnapshot snapshot) in new[] { (first.Counts - firstBefore, before), (second.Counts - secondBefore, after) })
        {
            PackEntry pack = snapshot.Manifest.Packs.Single();
            long footer = pack.Length - pack.FooterOffset;
            Assert.Equal((2, 2), (cost.Calls, cost.Reads));
            Assert.InRange(cost.BytesRead, footer + 1, footer + (70 << 10));
            Assert.InRange(cost.BytesRead, 0, pack.Length / 8);
        }

        // Slices that are compared side by side have every row once.
        DifferenceTally[] slices = [new(), new(), new()];
        for (int i = 0; i < slices.Length; i++) await StateDifferences.ReadAsync(before, after, "totals", "state", slices[i], new() { Range = KeyRange.Of(i, slices.Length) }).CountAsync();
        Assert.Equal(many, slices.Sum(static s => s.Changed));
        Assert.All(slices, static s => Assert.InRange(s.Changed, many / 4, many / 2));
    }

    async Task<string> DiffAsync(params string[] words)
    {
        HostOutcome diff = await RunAsync(["state", "diff", _folder["a"], _folder["b"], .. words]);
        Assert.Equal((ExitCodes.Finished, ""), (diff.ExitCode, diff.Error));
        return diff.Output;
    }

    async Task WriteBothAsync()
    {
        await WriteAsync(_folder["a"]);
        await using StateSnapshot source = await StateSnapshot.OpenAsync(Stores, _folder["a"]);
        await using SavepointBuilder changed = await SavepointBuilder.CreateAsync(Stores, _folder["b"], new() { Job = "bank" });
        await changed.CopyOperatorAsync(source, "accounts", except: ["visits", "limits", "reminders", "account"]);
        await changed.CopyStateAsync(source, "accounts", "account");
        await changed.AddListsAsync("accounts", "visits", new[] { new KeyValue<string, IReadOnlyList<int>>("bob", [5, 6]), new("cid", [1]) }.ToAsyncEnumerable());
        await changed.AddMapEntriesAsync("accounts", "limits", new[] { ("ann", "atm", 100m), ("ann", "card", 501m), ("bob", "cash", 20m) }.ToAsyncEnumerable());
        await changed.CopyStateAsync(source, "totals", "state", change: static row => row["key"].Equals(StateValue.Scalar.Of(5)) ? null
            : row["key"].Equals(StateValue.Scalar.Of(7)) ? row.With("value", StateValue.Scalar.Of(1L)) : row);
        await changed.CompleteAsync();
    }
}
