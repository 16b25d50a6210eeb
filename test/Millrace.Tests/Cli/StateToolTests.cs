using System.Globalization;
using System.Text.Json;
using Millrace.Cli;
using Millrace.State.Offline;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using Spectre.Console;
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
    [InlineData("--operator totals --limit 10001", "a table has at most 10,000 rows")]
    [InlineData("--operator totals --limit -5", "--limit is -5: give 0 for all rows, or more")]
    [InlineData("--operator totals --limit -5 --format csv", "--limit is -5: give 0 for all rows, or more")]
    public async Task Query_AWrongCommandLine_IsRefusedWithTheCure(string words, string cure)
    {
        await WriteAsync(_folder["s"]);

        HostOutcome query = await RunAsync(["state", "query", _folder["s"], .. words.Split(' ')]);

        Assert.Equal((ExitCodes.Refused, ""), (query.ExitCode, query.Output));
        Assert.Contains(cure, query.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_AllRows_AsATable_AreAllWhereATableHoldsThem()
    {
        await WriteAsync(_folder["s"], static savepoint => savepoint.AddValuesAsync("many", "value", Enumerable.Range(0, 10_001).Select(static n => new KeyValue<int, int>(n, n)).ToAsyncEnumerable()).AsTask());

        Assert.Matches(@"\n1,000 rows of savepoint 1 of bank, taken [^;]*\n$", (await RunAsync("state", "query", _folder["s"], "--operator", "totals", "--limit", "0")).Output);
        HostOutcome many = await RunAsync("state", "query", _folder["s"], "--operator", "many", "--limit", "0");
        Assert.Equal((ExitCodes.Refused, ""), (many.ExitCode, many.Output));
        Assert.Contains("a table has at most 10,000 rows: give a smaller --limit, or --format json or csv", many.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Builder_TellsHowFarItHasCome()
    {
        List<SavepointProgress> told = [];
        await using (SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder["s"], new() { Job = "bank", Progress = new Told<SavepointProgress>(told) }))
        {
            await savepoint.AddValuesAsync("many", "value", Enumerable.Range(0, 20_500).Select(static n => new KeyValue<int, int>(n, n)).ToAsyncEnumerable());
            await savepoint.CompleteAsync();
        }

        Assert.Equal([new("many", "value", 10_000), new("many", "value", 20_000), new("many", "value", 20_500)], told);
    }

    sealed class Told<T>(List<T> told) : IProgress<T>
    {
        public void Report(T value) => told.Add(value);
    }

    [Theory]
    [InlineData("taken/out.csv")]
    [InlineData("taken/deeper/out.csv")]
    public async Task Export_WhereTheFolderCannotBeMade_SaysSo(string file)
    {
        await WriteAsync(_folder["s"]);
        _folder.Write("taken", "a file where the folder would be");

        HostOutcome export = await RunAsync("state", "export", _folder["s"], "--operator", "totals", "--to", _folder[file]);

        Assert.Equal((ExitCodes.Failed, ""), (export.ExitCode, export.Output));
        Assert.StartsWith($"millrace: {_folder[file]} cannot be written: ", export.Error, StringComparison.Ordinal);
        Assert.Equal(1, export.Error.Count(static c => c == '\n'));
    }

    /// <summary>Ctrl-C ends the tool with one line, whatever it was doing.</summary>
    [Theory]
    [InlineData("snapshots", "verify")]
    [InlineData("snapshots", "show")]
    [InlineData("state", "ls")]
    public async Task AnyCommand_Interrupted_EndsWithOneLine(string noun, string verb)
    {
        await WriteAsync(_folder["s"]);
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });

        int exitCode = await ToolCommands.RunAsync(new Tool(output, error, console, TimeProvider.System), [noun, verb, _folder["s"]], new CancellationToken(canceled: true));

        Assert.Equal((ExitCodes.Cancelled, ""), (exitCode, output.ToString()));
        Assert.StartsWith("millrace: interrupted", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, error.ToString().Count(static c => c == '\n'));
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

    [Theory]
    [InlineData("--operator nobody", "snapshot 1 has no operator 'nobody'; it has 'accounts', 'totals'")]
    [InlineData("--operator accounts --state debts", "operator 'accounts' has no state 'debts'; it has 'account', ")]
    [InlineData("--state debts", "snapshot 1 has no state 'debts'; it has 'account', 'visits', 'limits', 'expiry', 'reminders', 'state'")]
    public async Task Ls_OfWhatThereIsNot_IsRefusedWithWhatThereIs(string words, string cure)
    {
        await WriteAsync(_folder["s"]);

        HostOutcome ls = await RunAsync(["state", "ls", _folder["s"], .. words.Split(' ')]);

        Assert.Equal((ExitCodes.Refused, ""), (ls.ExitCode, ls.Output));
        Assert.Contains(cure, ls.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls", "--operator", "--state", "--json", "--storage", "--job")]
    [InlineData("query", "--operator", "--state", "--key", "--where", "--expired", "--times", "--limit", "--format", "--storage", "--job")]
    [InlineData("export", "--operator", "--state", "--key", "--where", "--expired", "--times", "--to", "--format", "--replace", "--storage", "--job")]
    [InlineData("diff", "--operator", "--state", "--key", "--where", "--expired", "--limit", "--counts", "--format", "--storage", "--job")]
    public async Task Help_OfEveryVerb_SaysWhatEveryOptionDoes(string verb, params string[] options)
    {
        HostOutcome help = await RunAsync("state", verb, "--help");

        Assert.Equal((ExitCodes.Finished, ""), (help.ExitCode, help.Error));
        Assert.Matches(@"Description:\n  \S.{20,}", help.Output);
        Assert.Equal([.. options, "--help"], System.Text.RegularExpressions.Regex.Matches(help.Output, @"\n  (?:-\S+, )*(--[a-z]+)").Select(static m => m.Groups[1].Value).Order(StringComparer.Ordinal).OrderBy(o => Array.IndexOf([.. options, "--help"], o)));
        // Every option and argument has words behind its name.
        Assert.All(help.Output.Split('\n').Where(static l => l.StartsWith("  -", StringComparison.Ordinal)), static line => Assert.Matches(@"  +[A-Za-z].{8,}", line));
        Assert.Contains(verb, (await RunAsync("state", "--help")).Output, StringComparison.Ordinal);
    }

    /// <summary>A bar goes to the standard error, and only where that is a terminal; beside rows that go to a terminal, too, there is none.</summary>
    [Theory]
    [InlineData("query", "table", true)]
    [InlineData("query", "csv", true)]
    [InlineData("query", "json", true)]
    [InlineData("export", "csv", true)]
    [InlineData("diff", "table", true)]
    [InlineData("diff", "csv", true)]
    [InlineData("diff", "csv", false)]
    [InlineData("query", "json", false)]
    public async Task Progress_GoesToTheTerminalOfErrors(string verb, string format, bool isRedirected)
    {
        await WriteAsync(_folder["s"]);
        string[] words = verb switch
        {
            "query" => ["state", "query", _folder["s"], "--operator", "totals", "--format", format, "--limit", "1000"],
            "export" => ["state", "export", _folder["s"], "--operator", "totals", "--to", _folder["out"], "--format", format],
            _ => ["state", "diff", _folder["s"], _folder["s"], "--operator", "totals", "--format", format],
        };
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture), bars = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new Screen(output, !isRedirected) });
        IAnsiConsole terminal = AnsiConsole.Create(new() { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new Screen(bars, isTerminal: true) });
        Tool tool = new(output, error, console, TimeProvider.System) { Terminal = terminal };

        Assert.Equal(ExitCodes.Finished, await ToolCommands.RunAsync(tool, words, TestContext.Current.CancellationToken));

        string bar = bars.ToString();
        Assert.Equal(isRedirected, bar.Contains("totals/state", StringComparison.Ordinal));
        Assert.DoesNotContain("\u001b", output.ToString(), StringComparison.Ordinal);
        HostOutcome plain = await RunAsync(verb == "export" ? [.. words, "--replace"] : words);
        Assert.Equal(plain.Output, output.ToString().ReplaceLineEndings("\n"));
        Assert.Equal(plain.Error, error.ToString().ReplaceLineEndings("\n"));
    }

    sealed class Screen(TextWriter writer, bool isTerminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => isTerminal;

        public int Width => 4_000;

        public int Height => 50;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }

    async Task<string> QueryAsync(string state, params string[] words)
    {
        HostOutcome query = await RunAsync(["state", "query", _folder["s"], "--operator", "accounts", "--state", state, .. words]);
        Assert.Equal((ExitCodes.Finished, ""), (query.ExitCode, query.Error));
        return query.Output;
    }
}
