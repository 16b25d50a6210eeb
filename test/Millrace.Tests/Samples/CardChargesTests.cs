using System.Text.RegularExpressions;

namespace Millrace.Tests.Samples;

/// <summary>The sample with a real bug, as its readers run it.</summary>
public sealed partial class CardChargesTests
{
    [Fact]
    public async Task CardCharges_FindsTheBugAndPassesTheCure()
    {
        using SampleProcess process = SampleProcess.Start(Path.Combine(AppContext.BaseDirectory, "CardCharges.dll"), AppContext.BaseDirectory, "30");
        (int exitCode, string output, string error) = await process.EndAsync();
        Assert.True(exitCode == 0, error);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The failure names the seed that brings it back, and what is wrong.
        Assert.Matches(Found(), lines[0]);
        Assert.Equal("charged in transactions: 30 seeds, and each order was charged once in all of them", lines[^1].Trim());
    }

    [GeneratedRegex(@"^charged in passing: .*seed \d+.*charged", RegexOptions.CultureInvariant)]
    private static partial Regex Found();
}
