using System.Globalization;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Samples;

public sealed class FlightDelaysTests : IDisposable
{
    static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "FlightDelays.dll");
    static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "data", "flights.csv");
    static readonly Lazy<FlightDelaysReference> s_expected = new(static () => FlightDelaysReference.Of(File.ReadLines(s_data)));

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task FlightDelays_AtAnyParallelism_WritesWhatPlainLoopsFind(int parallelism)
    {
        string error = await RunAsync(s_data, "--parallelism", $"{parallelism}");

        AssertOutput(s_expected.Value);
        // Both kinds of lateness are in the data; otherwise the test would prove less than it seems to.
        Assert.Equal(692, s_expected.Value.TooLate.Count);
        Assert.Equal(1_380, s_expected.Value.Updates);
        Assert.Contains("228,738  records read", error, StringComparison.Ordinal);
    }

    /// <summary>Rows that are not late in either order must give the same results in either order, without exception.</summary>
    [Fact]
    public async Task FlightDelays_ShuffledWithinTheDisorder_WritesTheSame()
    {
        List<FlightDelaysReference.Row> inTime = [.. FlightDelaysReference.Read(File.ReadLines(s_data)).Where(static r => !r.IsBehind)];
        // With up to two hours added to each date, a row comes less than two hours after any that is newer than it.
        string[] shuffled = [.. Shuffle(inTime, TimeSpan.FromHours(2))];
        FlightDelaysReference expected = FlightDelaysReference.Of(["", .. inTime.Select(static r => r.Line)]);

        await RunAsync(Write(shuffled), "--parallelism", "4");

        AssertOutput(expected);
        Assert.Equal(0, expected.Updates);
        Assert.Empty(expected.TooLate);
    }

    /// <summary>
    /// With more disorder than is allowed for, which rows are late is a matter of their order; so the loops read the same order. What no
    /// order may change is how many flights there are, in time and late together.
    /// </summary>
    [Fact]
    public async Task FlightDelays_ShuffledBeyondTheDisorder_FollowsTheNewOrder()
    {
        string[] shuffled = [.. Shuffle(FlightDelaysReference.Read(File.ReadLines(s_data)), TimeSpan.FromHours(6))];
        FlightDelaysReference expected = FlightDelaysReference.Of(["", .. shuffled]);

        await RunAsync(Write(shuffled), "--parallelism", "2");

        AssertOutput(expected);
        Assert.NotEqual(s_expected.Value.TooLate.Count, expected.TooLate.Count);
        // Counts only grow with updates, so the last result of an hour is the one with the most flights.
        int counted = Lines("hours.csv").Select(static l => l.Split(',')).GroupBy(static f => (f[0], f[1]))
            .Sum(static h => h.Max(static f => int.Parse(f[2], CultureInfo.InvariantCulture)));
        Assert.Equal(shuffled.Length, counted + expected.TooLate.Count);
    }

    [Fact]
    public async Task FlightDelays_MalformedRowsAtALimitedRate_AreDivertedAndTheRestCounted()
    {
        string[] rows = [.. File.ReadLines(s_data).Skip(1).Take(300)];
        FlightDelaysReference expected = FlightDelaysReference.Of(["", .. rows]);

        string error = await RunAsync(Write([.. rows[..100], "2001-01-01T00:05,soon,75,RIC,ORF", .. rows[100..], "yesterday,1,75,RIC,ORF"]), "--rate", "600");

        AssertOutput(expected);
        string[] malformed = File.ReadAllLines(_folder["out/malformed.jsonl"]);
        Assert.Equal(2, malformed.Length);
        Assert.Contains("\"line\":102", malformed[0], StringComparison.Ordinal);
        Assert.Contains("2  malformed rows", error, StringComparison.Ordinal);
        double seconds = double.Parse(error.Split("finished in ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(seconds, 0.45, 60);
    }

    [Fact]
    public async Task FlightDelays_EmptyFile_WritesEmptyResults()
    {
        await RunAsync(_folder.Write("flights.csv", ""));

        Assert.Empty(File.ReadAllLines(_folder["out/top-ten.jsonl"]));
    }

    [Fact]
    public async Task FlightDelays_MissingFile_FailsNamingIt()
    {
        using SampleProcess process = SampleProcess.Start(s_program, _folder.Root, "--input", "nowhere.csv");
        (int exitCode, _, string error) = await process.EndAsync();

        Assert.Equal(ExitCodes.Failed, exitCode);
        string failure = error.Split('\n')[1];
        Assert.StartsWith("job 'flight-delays' failed: ", failure, StringComparison.Ordinal);
        Assert.Contains("nowhere.csv", failure, StringComparison.Ordinal);
    }

    async Task<string> RunAsync(string input, params string[] arguments)
    {
        using SampleProcess process = SampleProcess.Start(s_program, _folder.Root, ["--input", input, "--output", _folder["out"], .. arguments]);
        (int exitCode, _, string error) = await process.EndAsync();
        Assert.True(exitCode == 0, error);
        return error;
    }

    void AssertOutput(FlightDelaysReference expected)
    {
        Assert.Equal(expected.TopTen, File.ReadAllLines(_folder["out/top-ten.jsonl"]));
        AssertSame(expected.Hours, "hours.csv");
        AssertSame(expected.Standstills, "standstills.csv");
        AssertSame(expected.TooLate, "too-late.csv");
    }

    // Several tasks send to these files, so that only what is in them can be the same, not its order.
    void AssertSame(IEnumerable<string> expected, string file) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), Lines(file).Order(StringComparer.Ordinal));

    IEnumerable<string> Lines(string file) => File.ReadLines(_folder[$"out/{file}"]).Skip(1);

    string Write(IEnumerable<string> rows) => _folder.Write("shuffled.csv", string.Join('\n', ["date,delay,distance,origin,destination", .. rows]) + "\n");

    static IEnumerable<string> Shuffle(IEnumerable<FlightDelaysReference.Row> rows, TimeSpan by)
    {
        Random random = new(20010101);
        return [.. rows.Select(r => (r.Line, At: r.Date + (random.NextDouble() * by))).OrderBy(static r => r.At).Select(static r => r.Line)];
    }
}
