using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

public sealed class ReadmeTests
{
    [Fact]
    public void Documents_EveryPathTheyName_Exists()
    {
        string[] atTheRoot = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
        SourceFile[] documents = [.. atTheRoot.Select(name => new SourceFile(name, File.ReadAllText(Repository.At(name)))),
                                  .. Repository.Files(Repository.Root, "docs", "*.md")];

        Assert.InRange(documents.Length, 4, int.MaxValue);
        Violations.AssertNone(ReadmeRules.Check(documents, target => Path.Exists(Repository.At(target))));
    }

    [Theory]
    [InlineData("README.md", "Run `dotnet run --project samples/Gone -- --input data`.", "samples/Gone")]
    [InlineData("README.md", "See [the tests](test/Gone.Tests/).", "test/Gone.Tests")]
    [InlineData("docs/A.md", "See [the other](gone.md#here).", "docs/gone.md")]
    [InlineData("docs/A.md", "See docs/Gone.md.", "docs/Gone.md")]
    public void Documents_PathThatIsNotThere_IsReported(string document, string text, string target) =>
        Assert.Equal([$"names {target}, which does not exist"],
            ReadmeRules.Check([new SourceFile(document, text)], path => false).Select(violation => violation.Message).Distinct());

    [Theory]
    [InlineData("Any `samples/<Name>`, `src/*/` or `eng/Banned.*.txt` is a pattern.")]
    [InlineData("https://host.example/docs/page is an address; [a](#here) and [b](https://host.example) are not files either.")]
    public void Documents_PatternsAndAddresses_AreNotPaths(string text) =>
        Assert.Empty(ReadmeRules.Check([new SourceFile("README.md", text)], path => false));
}
