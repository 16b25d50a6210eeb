using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Layers;

public sealed class LayersTests(ITestOutputHelper output)
{
    static readonly LayerRules Rules = LayerRules.Parse(File.ReadAllText(Repository.At("eng/layers.txt")));
    static readonly string WrongTree = Repository.At("test/Millrace.RepoTests/Fixtures/WrongLayers");

    [Fact]
    public void Sources_EveryFile_UsesOnlyWhatItsFolderMay()
    {
        var scan = new LayerScan(Rules, Repository.Root);

        IReadOnlyList<Violation> violations = scan.Run();

        output.WriteLine($"{scan.FilesRead} files read.");
        Violations.AssertNone(violations);
    }

    /// <summary>Counts on its own, so that a file outside every project or a filter gone wrong cannot shrink the scan unseen.</summary>
    [Fact]
    public void Sources_EveryFile_IsRead()
    {
        var scan = new LayerScan(Rules, Repository.Root);
        scan.Run();

        int present = Directory.EnumerateFiles(Repository.At("src"), "*.cs", SearchOption.AllDirectories)
            .Count(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));
        Assert.Equal(present, scan.FilesRead);
        Assert.InRange(scan.FilesRead, 3, int.MaxValue);
    }

    [Fact]
    public void WrongFixture_EveryPlantedViolation_IsReportedAndNothingElse()
    {
        var scan = new LayerScan(Rules, WrongTree);

        IReadOnlyList<Violation> violations = scan.Run();

        foreach (Violation violation in violations) output.WriteLine(violation.ToString());
        Violations.AssertPlanted(FixtureFiles(), violations);
        Assert.Equal(FixtureFiles().Count, scan.FilesRead);
    }

    [Theory]
    [InlineData("Millrace/Streams", "Millrace")]
    [InlineData("Millrace", "Millrace")]
    [InlineData("Millrace.Connectors.Files/Csv", "Millrace")]
    [InlineData("Millrace.Storage.S3", "Millrace.Storage.S3")]
    [InlineData("Millrace.Runtime/Tasks", "Millrace.Runtime.Tasks")]
    public void Rules_OfAKnownFolder_NameItsNamespace(string folder, string ns) => Assert.Equal(ns, Rules.RuleOf(folder)!.Namespaces[0]);

    [Theory]
    [InlineData("Millrace.Runtime/Tasks/Deeper")]
    [InlineData("Millrace.Runtime/Stuff")]
    [InlineData("Millrace.Unheard")]
    public void Rules_OfAnUnknownFolder_AreMissing(string folder) => Assert.Null(Rules.RuleOf(folder));

    static IReadOnlyList<SourceFile> FixtureFiles() => Repository.Files(WrongTree, "src", "*.cs");
}
