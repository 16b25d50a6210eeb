namespace Millrace.RepoTests.Sources;

/// <summary>One place that breaks a rule.</summary>
internal sealed record Violation(string File, int Line, string Message)
{
    public override string ToString() => $"{File}({Line}): {Message}";
}

internal static class Violations
{
    /// <summary>Fails with one line per violation, so that the whole list can be mended in one go.</summary>
    public static void AssertNone(IEnumerable<Violation> violations)
    {
        string[] found = [.. violations.Select(violation => violation.ToString()).Distinct().Order(StringComparer.Ordinal)];
        if (found.Length > 0) Assert.Fail($"{found.Length} violation(s):{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
    }

    /// <summary>Fails unless exactly the lines of a fixture that end in <c>// planted</c> are reported, no more and no fewer.</summary>
    public static void AssertPlanted(IEnumerable<SourceFile> fixture, IEnumerable<Violation> violations)
    {
        string[] planted = [.. from file in fixture
                               from line in file.Lines.Index()
                               where line.Item.TrimEnd().EndsWith("planted", StringComparison.Ordinal)
                               select $"{file.Path}({line.Index + 1})"];
        string[] found = [.. violations.Select(violation => $"{violation.File}({violation.Line})").Distinct()];
        Assert.NotEmpty(planted);
        Assert.Equal(planted.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}
