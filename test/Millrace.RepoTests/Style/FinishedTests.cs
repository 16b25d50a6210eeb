using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

public sealed class FinishedTests
{
    static readonly LayerRules Rules = LayerRules.Parse(File.ReadAllText(Repository.At("eng/layers.txt")));
    static readonly IReadOnlyList<SourceFile> Sources = Repository.Files(Repository.Root, "src", "*.cs");

    [Fact]
    public void Sources_CarryNoMarkOfUnfinishedWork() => Violations.AssertNone(FinishedRules.Unfinished(Sources));

    [Fact]
    public void Sources_LeaveTheConsoleToItsOwners() => Violations.AssertNone(FinishedRules.Console(Rules, Sources));

    [Fact]
    public void Sources_SilenceNoBan() => Violations.AssertNone(FinishedRules.Silenced(Sources));

    [Theory]
    [InlineData("// TODO later")]
    [InlineData("/* FIXME */")]
    [InlineData("// A HACK.")]
    [InlineData("void M() => throw new NotImplementedException();")]
    [InlineData("string s = \"placeholder\";")]
    public void Unfinished_AnyMark_IsReported(string text) => Assert.Single(FinishedRules.Unfinished([new SourceFile("src/A/a.cs", text)]));

    [Theory]
    [InlineData("// mastodons and hackers")]
    [InlineData("throw new NotSupportedException();")]
    public void Unfinished_OrdinaryWords_AreNotReported(string text) =>
        Assert.Empty(FinishedRules.Unfinished([new SourceFile("src/A/a.cs", text)]));

    [Theory]
    [InlineData("src/Millrace.Runtime/a.cs", "class A { void M() => Console.WriteLine(); }", 1)]
    [InlineData("src/Millrace.Runtime/a.cs", "class A { void M() => System.Console.Out.Flush(); }", 1)]
    [InlineData("src/Millrace.Runtime/a.cs", "using static System.Console; class A { }", 1)]
    [InlineData("src/Millrace.Connectors.Files/CsvSink.cs", "class A { void M() => Console.WriteLine(); }", 1)]
    [InlineData("src/Millrace.Connectors.Files/ConsoleSink.cs", "class A { void M() => Console.WriteLine(); }", 0)]
    [InlineData("src/Millrace.Cli/a.cs", "class A { void M() => Console.WriteLine(); }", 0)]
    [InlineData("src/Millrace.Runtime/a.cs", "using Spectre.Console; class A { } // Console.WriteLine", 0)]
    public void Console_OutsideItsOwners_IsReported(string path, string text, int reported) =>
        Assert.Equal(reported, FinishedRules.Console(Rules, [new SourceFile(path, text)]).Count());

    [Fact]
    public void Silenced_Pragma_IsReported() =>
        Assert.Single(FinishedRules.Silenced([new SourceFile("src/A/a.cs", "#pragma warning disable RS0030")]));
}
