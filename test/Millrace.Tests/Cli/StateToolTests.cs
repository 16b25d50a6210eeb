using System.Text.Json;
using Millrace.State.Offline;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.Cli;

/// <summary>State in a snapshot, read by the tool without the program or its types.</summary>
public sealed class StateToolTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ls_ShowsEveryStateWithItsColumnsAndTypes()
    {
        await WriteAsync(_folder["s"]);

        HostOutcome ls = await RunAsync("state", "ls", _folder["s"]);

        Assert.Equal((ExitCodes.Finished, ""), (ls.ExitCode, ls.Error));
        Assert.Matches(@"\naccounts +visits +list +4 +0 +[\d,]+ +00000000-ffffffff +key: string, index: int32, value: int32", ls.Output);
        Assert.Matches(@"\naccounts +limits +map +3 .* key: string, mapKey: string, value: decimal", ls.Output);
        Assert.Matches(@"\naccounts +expiry +event-timer +2 .* key: string, deadline: timestamp", ls.Output);
        Assert.Contains("row Millrace.Tests.State.Offline.OfflineSamples.Account { Balance: decimal, ", ls.Output, StringComparison.Ordinal);
        JsonElement[] lines = [.. JsonDocument.Parse((await RunAsync("state", "ls", _folder["s"], "--operator", "totals", "--json")).Output).RootElement.EnumerateArray()];
        Assert.Equal(("totals", "fold", 1_000), (lines.Single().GetProperty("operator").GetString(), lines[0].GetProperty("kind").GetString(), lines[0].GetProperty("rows").GetInt32()));
    }

    [Fact]
    public async Task Query_EveryKind_InEveryFormat()
    {
        await WriteAsync(_folder["s"]);

        Assert.Equal("""{"key":{"Region":"EU","Id":2},"value":{"Balance":99,"Grade":"Gold","Note":"says \"hello\", twice","Since":"2023-05-01","Tags":["a","b"]}}""" + "\n",
            await QueryAsync("account", "--key", """{"Region":"EU","Id":2}""", "--format", "json"));
        Assert.Equal("key.Region,key.Id,value.Balance,value.Grade,value.Note,value.Since,value.Tags\nEU,2,99,Gold,\"says \"\"hello\"\", twice\",2023-05-01,\"[\"\"a\"\",\"\"b\"\"]\"\n",
            await QueryAsync("account", "--where", "Grade = 'Gold'", "--format", "csv"));
        Assert.Equal("key.Region,key.Id,value.Balance,value.Grade,value.Note,value.Since,value.Tags\nUS,1,-3,7,\"\",2020-02-29,\"[\"\"vip\"\"]\"\n",
            await QueryAsync("account", "--where", "Balance < 0", "--format", "csv"));
        string[] visits = (await QueryAsync("visits", "--key", "ann", "--limit", "0", "--format", "csv")).TrimEnd().Split('\n');
        Assert.Equal(["key,index,value", .. Enumerable.Range(0, 600).Select(static n => $"ann,{n},{n}")], visits);
        Assert.Equal("key,mapKey,value\nann,card,500\nann,atm,100\n", await QueryAsync("limits", "--key", "ann", "--format", "csv"));
        Assert.Equal("key,deadline\nbob,2031-01-01T00:00:00Z\n", await QueryAsync("expiry", "--key", "bob", "--format", "csv"));
        Assert.Equal("key,deadline\nann,2030-02-01T00:00:00Z\n", await QueryAsync("reminders", "--where", "deadline > '2030-01-15'", "--format", "csv"));
        string table = await QueryAsync("account", "--where", "key.Region = 'EU' and value.Note = null");
        Assert.Matches(@"^ *key\.Region +key\.Id +value\.Balance .*\n *EU +1 +10\.50 +Bronze +null +2024-01-31 +\[\] *\n1 row of savepoint 1 of bank, taken 2026-01-02 03:04:05Z\n$", table);
        Assert.StartsWith("0 rows of savepoint 1", await QueryAsync("expiry", "--key", "nobody"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_Limited_SaysThatThereIsMore()
    {
        await WriteAsync(_folder["s"]);

        HostOutcome json = await RunAsync("state", "query", _folder["s"], "--operator", "totals", "--limit", "7", "--format", "json");
        Assert.Equal(7, json.Output.Count(static c => c == '\n'));
        Assert.Equal("millrace: there are more than 7 rows; --limit 0 prints all\n", json.Error);
        Assert.Matches(@"\n100 rows of .*; there are more, --limit 0 ", (await RunAsync("state", "query", _folder["s"], "--operator", "totals")).Output);
        string[] all = (await RunAsync("state", "query", _folder["s"], "--operator", "totals", "--limit", "0", "--format", "csv")).Output.TrimEnd().Split('\n');
        Assert.Equal(Enumerable.Range(0, 1_000).Select(static n => $"{n},{n * 10}").Order(StringComparer.Ordinal), all.Skip(1).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("--operator nobody", "has no operator 'nobody'; it has 'accounts', 'totals'")]
    [InlineData("--operator accounts", "operator 'accounts' has several states; name one with --state: 'account', 'visits'")]
    [InlineData("--operator accounts --state debts", "has no state 'debts'; it has 'account', ")]
    [InlineData("--operator totals --key many", "--key: 'many' is not a value of type int32; keys of state 'state' are int32")]
    [InlineData("--operator totals --where value.Total>5", "has no member 'Total': it is a int64, which has no members (at character 7 of the condition: value.▸Total>5)")]
    [InlineData("--operator totals --where valeu>5", "there is no 'valeu': there are key, value")]
    [InlineData("--operator totals --where value>'x'", "'x' is not a value of type int64 (at character 7")]
    [InlineData("--operator totals --where value>", "The condition ends too early")]
    [InlineData("--operator totals --limit 0", "a table has at most 10,000 rows")]
    public async Task Query_AWrongCommandLine_IsRefusedWithTheCure(string words, string cure)
    {
        await WriteAsync(_folder["s"]);

        HostOutcome query = await RunAsync(["state", "query", _folder["s"], .. words.Split(' ')]);

        Assert.Equal((ExitCodes.Refused, ""), (query.ExitCode, query.Output));
        Assert.Contains(cure, query.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_IsAWholeFileOrNone()
    {
        await WriteAsync(_folder["s"]);

        HostOutcome export = await RunAsync("state", "export", _folder["s"], "--operator", "totals", "--to", _folder["out/totals.csv"]);
        Assert.Equal((ExitCodes.Finished, ""), (export.ExitCode, export.Error));
        Assert.StartsWith("1,000 rows of totals/state in savepoint 1 of bank", export.Output, StringComparison.Ordinal);
        Assert.Equal(1_001, File.ReadAllLines(_folder["out/totals.csv"]).Length);

        HostOutcome again = await RunAsync("state", "export", _folder["s"], "--operator", "totals", "--to", _folder["out/totals.csv"]);
        Assert.Equal(ExitCodes.Refused, again.ExitCode);
        Assert.Contains("is there already: add --replace", again.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await RunAsync("state", "export", _folder["s"], "--operator", "totals", "--to", _folder["out/totals.csv"], "--replace", "--where", "key < 10")).ExitCode);
        Assert.Equal(11, File.ReadAllLines(_folder["out/totals.csv"]).Length);

        string pack = Directory.EnumerateFiles(_folder["s/packs"]).Single();
        byte[] bytes = File.ReadAllBytes(pack);
        bytes[1_000] ^= 1;
        File.WriteAllBytes(pack, bytes);
        bool isDamaged = false;
        foreach ((string op, string state) in new[] { ("totals", "state"), ("accounts", "visits"), ("accounts", "account") })
            isDamaged |= (await RunAsync("state", "export", _folder["s"], "--operator", op, "--state", state, "--to", _folder[$"damaged/{state}.jsonl"])).ExitCode == ExitCodes.Failed;
        Assert.True(isDamaged);
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.Root, "*", SearchOption.AllDirectories), static f => f.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Diff_CountsAndShowsWhatBecameOfRows()
    {
        await WriteAsync(_folder["a"]);
        await using (StateSnapshot source = await StateSnapshot.OpenAsync(Stores, _folder["a"]))
        await using (SavepointBuilder changed = await SavepointBuilder.CreateAsync(Stores, _folder["b"], new() { Job = "bank" }))
        {
            await changed.CopyOperatorAsync(source, "accounts", except: ["visits", "limits", "reminders"]);
            await changed.AddListsAsync("accounts", "visits", new[] { new KeyValue<string, IReadOnlyList<int>>("bob", [5, 6]), new("cid", [1]) }.ToAsyncEnumerable());
            await changed.AddMapEntriesAsync("accounts", "limits", new[] { ("ann", "atm", 100m), ("ann", "card", 501m), ("bob", "cash", 20m) }.ToAsyncEnumerable());
            await changed.CopyStateAsync(source, "totals", "state", change: static row => row["key"].Equals(StateValue.Scalar.Of(5)) ? null
                : row["key"].Equals(StateValue.Scalar.Of(7)) ? row.With("value", StateValue.Scalar.Of(1L)) : row);
            await changed.CompleteAsync();
        }

        HostOutcome diff = await RunAsync("state", "diff", _folder["a"], _folder["b"]);
        Assert.Equal((ExitCodes.Finished, ""), (diff.ExitCode, diff.Error));
        Assert.Contains("accounts/reminders: only in the first\n", diff.Output, StringComparison.Ordinal);
        Assert.Contains("accounts/account: 0 added, 0 removed, 0 changed, 3 the same\n", diff.Output, StringComparison.Ordinal);
        Assert.Contains("accounts/visits: 1 added, 1 removed, 1 changed, 0 the same\n", diff.Output, StringComparison.Ordinal);
        // Other places in the order of insertion are no change.
        Assert.Contains("accounts/limits: 0 added, 0 removed, 1 changed, 2 the same\n", diff.Output, StringComparison.Ordinal);
        Assert.Contains("totals/state: 0 added, 1 removed, 1 changed, 998 the same\n", diff.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n *~ +bob +\[5\] +\[5,6\]", diff.Output);
        Assert.Matches(@"\n *~ +ann +card +500 +501", diff.Output);

        string[] json = (await RunAsync("state", "diff", _folder["a"], _folder["b"], "--operator", "totals", "--state", "state", "--format", "json", "--limit", "1")).Output.TrimEnd().Split('\n');
        Assert.Equal(2, json.Length);
        Assert.Equal("""{"operator":"totals","state":"state","added":0,"removed":1,"changed":1,"same":998,"expiredBefore":0,"expiredAfter":0}""", json[1]);
        HostOutcome none = await RunAsync("state", "diff", _folder["a"], _folder["b"], "--operator", "accounts", "--state", "nothing");
        Assert.Equal(ExitCodes.Refused, none.ExitCode);
    }

    async Task<string> QueryAsync(string state, params string[] words)
    {
        HostOutcome query = await RunAsync(["state", "query", _folder["s"], "--operator", "accounts", "--state", state, .. words]);
        Assert.Equal((ExitCodes.Finished, ""), (query.ExitCode, query.Error));
        return query.Output;
    }
}
