using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Samples;

/// <summary>The sample with its state in a folder: ended in the middle in any way and run again, its files are what one run would have written.</summary>
public sealed class FlightDelaysDurableTests : IDisposable
{
    static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "FlightDelays.dll");
    static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "data", "flights.csv");

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task FlightDelays_EndedSeveralTimesAndRunAgain_WritesWhatPlainLoopsFind(string signal)
    {
        for (int day = 3; day <= 9; day += 3)
        {
            using SampleProcess process = Start(day % 2 == 0 ? "3" : "2");
            await WaitForDayAsync(process, $"2001-01-{day:00}");
            process.Kill(signal);
            await process.EndAsync();
        }

        using SampleProcess last = Start("4", "--rate", "1000000");
        (int exitCode, _, string error) = await last.EndAsync();

        Assert.True(exitCode == ExitCodes.Finished, error);
        Assert.Contains("it goes on from checkpoint ", error, StringComparison.Ordinal);
        FlightDelaysReference expected = FlightDelaysReference.Of(File.ReadLines(s_data));
        Assert.Equal(expected.TopTen, File.ReadAllLines(_folder["out/top-ten.jsonl"]));
        AssertSame(expected.Hours, "hours.csv");
        AssertSame(expected.Standstills, "standstills.csv");
        AssertSame(expected.TooLate, "too-late.csv");
    }

    /// <summary>Reads what is printed up to a day, or a later one: on a busy machine the life before may have come further than was read of it.</summary>
    static async Task WaitForDayAsync(SampleProcess process, string day)
    {
        await foreach (string line in process.LinesAsync())
        {
            if (line.StartsWith("2001-", StringComparison.Ordinal) && string.CompareOrdinal(line, 0, day, 0, day.Length) >= 0) return;
        }

        Assert.Fail($"The program ended before {day}: {(await process.EndAsync()).Error}");
    }

    SampleProcess Start(string parallelism, params string[] words) => SampleProcess.Start(
        s_program, _folder.Root,
        ["--input", s_data, "--output", _folder["out"], "--storage", "./state", "--checkpoint-interval", "100ms", "--parallelism", parallelism, .. words.Length > 0 ? words : ["--rate", "30000"]]);

    void AssertSame(IEnumerable<string> expected, string file) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), File.ReadLines(_folder[$"out/{file}"]).Skip(1).Order(StringComparer.Ordinal));
}
