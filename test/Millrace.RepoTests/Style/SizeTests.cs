using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

public sealed class SizeTests(ITestOutputHelper output)
{
    static readonly IReadOnlyList<SourceFile> Code = Repository.AllCode();

    [Fact]
    public void Files_OfTheRepository_StayBelowTheLimit()
    {
        foreach (string folder in Code.Select(file => file.Path.Split('/')[0]).Distinct())
        {
            SourceFile[] files = [.. Code.Where(file => file.Path.StartsWith(folder + "/", StringComparison.Ordinal))];
            output.WriteLine($"size report: {folder}: {files.Length} files, median {SizeRules.LinesAt(files, 0.5)} lines (aim 150), " +
                             $"nine in ten up to {SizeRules.LinesAt(files, 0.9)} (aim 350), " +
                             $"longest {SizeRules.LinesAt(files, 1)} (limit 800)");
        }
        Violations.AssertNone(SizeRules.Files(Code));
    }

    [Fact]
    public void Functions_OfTheRepository_FitOneScreen() =>
        Violations.AssertNone(SizeRules.Functions(Code).Concat(SizeRules.TopLevel(Code)));

    [Theory]
    [InlineData(800, 0)]
    [InlineData(801, 1)]
    public void Files_AroundTheLimit_AreReportedFromTheFirstLineOver(int lines, int reported) =>
        Assert.Equal(reported, SizeRules.Files([new SourceFile("a.cs", string.Concat(Enumerable.Repeat("// line\n", lines)))]).Count());

    [Theory]
    [InlineData("class A {\n    /// <summary>Words.</summary>\n    [System.Obsolete]\n    void M()\n    {\n@\n    }\n}", 67, 4)]
    [InlineData("class A {\n    int P\n    {\n        get {\n@\n        }\n    }\n}", 68, 4)]
    [InlineData("class A {\n    System.Action F = () => {\n@\n    };\n}", 68, 2)]
    [InlineData("class A {\n    void M() { }\n    A() {\n@\n    }\n}", 68, 3)]
    [InlineData("int a = 0;\n@\nint b = 0;", 68, 1)]
    public void Functions_AroundTheLimit_AreReportedFromTheFirstLineOver(string template, int fits, int line)
    {
        Assert.Empty(Scan(fits));
        Assert.Equal([line], Scan(fits + 1).Select(violation => violation.Line));

        IEnumerable<Violation> Scan(int statements)
        {
            SourceFile file = new("a.cs", template.Replace("@",
                string.Join('\n', Enumerable.Repeat("    ;", statements)), StringComparison.Ordinal));
            return SizeRules.Functions([file]).Concat(SizeRules.TopLevel([file]));
        }
    }
}
