using System.Xml.Linq;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Banned;

public sealed class BannedTests
{
    [Fact]
    public void Lists_EveryLine_NamesASymbolAndAReplacement()
    {
        Assert.InRange(BannedList.All().Sum(list => BannedList.Entries(list).Count()), 40, int.MaxValue);
        Violations.AssertNone(BannedList.All().SelectMany(BannedList.Malformed));
    }

    [Fact]
    public void Lists_MisspeltOrMuteLine_IsReported()
    {
        var list = new SourceFile("BannedSymbols.X.txt", "// words\nP:System.DateTime.Nov;Use the injected time.\nP:System.DateTime.Now\n");

        Assert.Equal([2, 3], BannedList.Malformed(list).Select(violation => violation.Line));
    }

    /// <summary>The analyzer itself, over the real lists: it reports the planted lines of the fixture and no other.</summary>
    [Theory]
    [InlineData("Common", "Common", "Files", "Console", "Pool")]
    [InlineData("State", "Common", "Files", "Console", "Millrace.State")]
    [InlineData("State", "Common", "Files", "Console", "Millrace.Runtime")]
    [InlineData("Api", "Common", "Files", "Console", "Millrace")]
    public async Task Analyzer_OverTheWrongFixture_ReportsExactlyThePlantedLines(string fixture, params string[] lists)
    {
        string path = $"test/Millrace.RepoTests/Fixtures/BannedSymbols/{fixture}.cs";
        var file = new SourceFile(path, await File.ReadAllTextAsync(Repository.At(path), TestContext.Current.CancellationToken));
        SourceFile[] chosen = [.. BannedList.All().Where(list => lists.Contains(list.FileName["BannedSymbols.".Length..^".txt".Length]))];
        Assert.Equal(lists.Length, chosen.Length);

        IReadOnlyList<Violation> found = await BannedList.AnalyzeAsync(file, chosen, TestContext.Current.CancellationToken);

        Assert.All(found, violation => Assert.StartsWith("RS0030", violation.Message, StringComparison.Ordinal));
        Violations.AssertPlanted([file], found);
    }

    /// <summary>The lists reach every build: the targets name them, the analyzer is referenced, and its finding is an error.</summary>
    [Fact]
    public void Lists_OfEveryProject_ReachTheBuild()
    {
        XDocument targets = XDocument.Load(Repository.At("src/Directory.Build.targets"));
        string[] wired = [.. targets.Descendants("AdditionalFiles").Select(item => Path.GetFileName(item.Attribute("Include")!.Value))];

        Assert.Equal(["BannedSymbols.Common.txt", "BannedSymbols.Files.txt",
            "BannedSymbols.Console.txt", "BannedSymbols.Pool.txt", "BannedSymbols.$(MSBuildProjectName).txt"], wired);
        Assert.Single(targets.Descendants("PackageReference"),
            item => item.Attribute("Include")!.Value == "Microsoft.CodeAnalysis.BannedApiAnalyzers");
        Assert.Contains("dotnet_diagnostic.RS0030.severity = error",
            File.ReadAllText(Repository.At(".editorconfig")), StringComparison.Ordinal);
    }

    /// <summary>A list for a project that is not there, after a rename say, would ban nothing.</summary>
    [Fact]
    public void Lists_NamedAfterAProject_HaveThatProject()
    {
        string[] known = ["Common", "Files", "Console", "Pool", .. ProjectFile.Under(Repository.Root, "src").Select(project => project.Name)];

        Assert.All(BannedList.All(), list => Assert.Contains(list.FileName["BannedSymbols.".Length..^".txt".Length], known));
    }
}
