using Millrace.Runtime.Planning;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Hosting;

/// <summary>The lock of a program's schema has the TTLs of its states, and says what a changed one does to what is there.</summary>
public sealed class SchemaLockTtlTests : IDisposable
{
    static readonly StateTtl s_hour = StateTtl.EventTime(TimeSpan.FromHours(1));

    readonly TempFolder _folder = new();

    string Lock => _folder["state.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_HasTheTtlOnALine_AndReadsItBack()
    {
        foreach (StateTtl ttl in (StateTtl[])[s_hour, StateTtl.ProcessingTime(new(1)).RefreshedOnRead(), StateTtl.EventTime(StateTtl.LifetimeMax).RefreshedOnRead()])
        {
            await RunAsync("write", ttl);
            string text = await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken);
            SchemaLock read = SchemaLock.Read(text);
            Assert.Equal(ttl, read.Operators.Single(static o => o.Id == "states").States.Single(static s => s.Name == "total").Ttl);
            Assert.Equal(text, read.Text);
            Assert.Equal((ExitCodes.Finished, $"orders: its state is as {Lock} says\n"), Checked(await RunAsync("check", ttl)));
        }

        await RunAsync("write", s_hour);
        Assert.Contains("{ \"time\": \"event\", \"lifetime\": \"01:00:00\", \"renewed\": \"write\" }", await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await RunAsync("write", null);
        Assert.DoesNotContain("ttl", await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>One line for each row of the table in docs/state-ttl.md.</summary>
    [Theory]
    [InlineData("1h", "30m", "its TTL was 01:00:00 of event time since the last write and is 00:30:00 of event time since the last write: holds for what is there, and what is over by it is left out")]
    [InlineData("1h", "2h", "and is 02:00:00 of event time since the last write: holds for what is there, but what was over at the snapshot stays over")]
    [InlineData(null, "1h", "its first TTL, 01:00:00 of event time since the last write: for what is there it counts from the restore")]
    [InlineData("1h", null, "its TTL, 01:00:00 of event time since the last write, is given up: what lived at the snapshot is kept for good")]
    [InlineData("1h", "1h processing", "and is 01:00:00 of processing time since the last write: times of one kind say nothing in the other, so for what is there it counts from the restore")]
    [InlineData("1h", "1h read", "and is 01:00:00 of event time since the last read or write: holds from the restore on")]
    public async Task Check_OfAnotherTtl_SaysWhatItDoes(string? before, string? after, string expected)
    {
        await RunAsync("write", Ttl(before));
        HostOutcome check = await RunAsync("check", Ttl(after));
        Assert.Equal(ExitCodes.Failed, check.ExitCode);
        Assert.Contains(expected, Assert.Single(check.Output.Split('\n'), static l => l.StartsWith("  changed       states/total", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.EndsWith("Write it anew with `schema write` and commit it, so that the next change is compared with this one.\n", check.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"01:00:00\"", "\"0\"", "'0' is no lifetime of state: it is more than zero and at most 36500 days")]
    [InlineData("\"01:00:00\"", "\"36500.00:00:00.0000001\"", "is no lifetime of state")]
    [InlineData("\"01:00:00\"", "\"soon\"", "'soon' is no lifetime of state")]
    [InlineData("\"event\"", "\"other\"", "'other' in a 'ttl' is not one of event, processing")]
    [InlineData("\"renewed\": \"write\"", "\"renewed\": \"never\"", "'never' in a 'ttl' is not one of write, read or write")]
    [InlineData(", \"renewed\": \"write\"", "", "a 'ttl' has no 'renewed'")]
    [InlineData("\"lifetime\": \"01:00:00\"", "\"lifetime\": 5", "cannot be read: ")]
    public async Task Check_OfALockWithABrokenTtl_SaysWhatIsWrong(string was, string now, string expected)
    {
        await RunAsync("write", s_hour);
        string text = await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken);
        Assert.Contains(was, text, StringComparison.Ordinal);
        _folder.Write("state.json", text.Replace(was, now, StringComparison.Ordinal));
        HostOutcome check = await RunAsync("check", s_hour);
        Assert.Equal(ExitCodes.Refused, check.ExitCode);
        Assert.Contains(expected, check.Error, StringComparison.Ordinal);
        Assert.Contains("restore it from version control", check.Error, StringComparison.Ordinal);
    }

    static StateTtl? Ttl(string? text) => text switch
    {
        null => null,
        "30m" => StateTtl.EventTime(TimeSpan.FromMinutes(30)),
        "1h" => s_hour,
        "2h" => StateTtl.EventTime(TimeSpan.FromHours(2)),
        "1h processing" => StateTtl.ProcessingTime(TimeSpan.FromHours(1)),
        "1h read" => s_hour.RefreshedOnRead(),
        _ => throw new ArgumentOutOfRangeException(nameof(text), text, "no such TTL"),
    };

    static (int ExitCode, string Output) Checked(HostOutcome outcome) => (outcome.ExitCode, outcome.Output);

    Task<HostOutcome> RunAsync(string verb, StateTtl? ttl) => HostHarness.RunAsync((flow, _) => Define(flow, ttl), "schema", verb, "--lock", Lock);

    static void Define(Dataflow flow, StateTtl? ttl) => flow
        .Source("numbers", CollectionSource.Of([1]), WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).KeyBy(static n => n)
        .Process<string>("states", state => new Function(state, ttl)).Sink("out", DiscardSink.Of<string>());

    sealed class Function(StateScope state, StateTtl? ttl) : IKeyedProcess<int, int, string>
    {
        readonly ValueState<int> _total = state.Value<int>("total", ttl);

        public void OnRecord(in Record<int> record, Output<string> output) => _total.Clear();
    }
}
