using System.Globalization;

namespace Millrace.Tests.Connectors.ConsoleOutput;

public sealed class ConsoleSinkTests
{
    [Fact]
    public async Task Lines_OfSeveralInstances_StayWhole()
    {
        TextWriter before = System.Console.Out;
        using StringWriter captured = new(CultureInfo.InvariantCulture);
        System.Console.SetOut(captured);
        try
        {
            ISink<int> sink = ConsoleSink.Lines<int>(static i => $"record {i}");
            await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => sink.WriteAsync(Enumerable.Range(i * 10_000, 10_000)))));
        }
        finally
        {
            System.Console.SetOut(before);
        }

        string[] lines = captured.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            Enumerable.Range(0, 40_000).Select(static i => $"record {i}").Order(StringComparer.Ordinal),
            lines.Where(static l => l.StartsWith("record ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }
}
