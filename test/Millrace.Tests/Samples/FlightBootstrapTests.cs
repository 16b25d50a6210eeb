using System.Globalization;
using System.Text.Json;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Samples;

/// <summary>The flight job started from state that was made from a table.</summary>
public sealed class FlightBootstrapTests : IDisposable
{
    static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "FlightBootstrap.dll");
    static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "data", "flights.csv");

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FlightBootstrap_GoesOnFromTheMinutesOfTheTable()
    {
        (string Airport, long Minutes)[] usual = PlacesOf(FlightDelaysReference.Of(File.ReadLines(s_data)).TopTen[^1]);
        _folder.Write("minutes.csv", $"airport,minutesLate\nZZZ,90000000\n{usual[3].Airport},50000000\n");

        (int exitCode, _, string error) = await RunAsync();

        Assert.True(exitCode == ExitCodes.Finished, error);
        (string, long)[] places = PlacesOf(File.ReadLines(_folder["out/top-ten.jsonl"]).Last());
        Assert.Equal([("ZZZ", 90_000_000), (usual[3].Airport, usual[3].Minutes + 50_000_000), .. usual.Where((_, i) => i != 3).Take(8)], places);

        // The same line again finds the savepoint, and the job that has finished from it.
        (exitCode, _, error) = await RunAsync();
        Assert.True(exitCode == ExitCodes.Finished, error);
        Assert.Contains("has a savepoint already", error, StringComparison.Ordinal);
        Assert.Contains("was honoured when it began", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ORD,many", "line 2: 'ORD,many' is no airport")]
    [InlineData("ORD,1,2", "line 2: 'ORD,1,2' is no airport")]
    [InlineData("ORD,1\nJFK,2\nORD,3", "was given two rows for the key all airports and the sub-key ORD")]
    [InlineData(null, "minutes.csv")]
    public async Task FlightBootstrap_WrongTable_NamesTheLineAndWritesNoSavepoint(string? line, string expected)
    {
        if (line is not null) _folder.Write("minutes.csv", $"airport,minutesLate\n{line}\n");

        (int exitCode, _, string error) = await RunAsync();

        Assert.Equal(ExitCodes.Refused, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["savepoint/_metadata"]));
    }

    [Fact]
    public async Task FlightBootstrap_WhereTheFolderCannotBe_SaysSo()
    {
        _folder.Write("minutes.csv", "airport,minutesLate\nZZZ,1\n");
        _folder.Write("savepoint", "a file where the folder would be");

        (int exitCode, _, string error) = await RunAsync();

        Assert.Equal(ExitCodes.Refused, exitCode);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    async Task<(int ExitCode, string Output, string Error)> RunAsync()
    {
        using SampleProcess process = SampleProcess.Start(
            s_program, _folder.Root, _folder["minutes.csv"], "./savepoint", "--input", s_data, "--output", _folder["out"], "--storage", "./state", "--parallelism", "2");
        return await process.EndAsync();
    }

    static (string Airport, long Minutes)[] PlacesOf(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return [.. json.RootElement.EnumerateObject().Single(static p => p.Name.Equals("places", StringComparison.OrdinalIgnoreCase)).Value.EnumerateArray()
            .Select(static p => p.EnumerateObject().ToDictionary(static m => m.Name.ToLower(CultureInfo.InvariantCulture), static m => m.Value))
            .Select(static p => (p["airport"].GetString()!, p["minuteslate"].GetInt64()))];
    }
}
