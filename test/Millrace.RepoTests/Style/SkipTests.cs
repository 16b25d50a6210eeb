using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

public sealed class SkipTests
{
    [Fact]
    public void Tests_Skipped_SayWhy() => Violations.AssertNone(SkipRules.Check(Repository.AllCode()));

    [Theory]
    [InlineData("[Fact(Skip = \"\")] void M() { }", 1)]
    [InlineData("[Theory(Skip = \"later\")] void M() { }", 1)]
    [InlineData("[InlineData(1, Skip = \"   \")] void M() { }", 1)]
    [InlineData("void M() => Assert.Skip(\"\");", 1)]
    [InlineData("void M() => Assert.SkipUnless(Ready, \"no\");", 1)]
    [InlineData("[Fact(Skip = \"needs a server with two disks\")] void M() { }", 0)]
    [InlineData("[Fact(Skip = Reasons.NoServer)] void M() { }", 0)]
    [InlineData("void M() => Assert.SkipUnless(Ready, $\"needs {Server}\");", 0)]
    public void Skip_WithoutAReason_IsReported(string member, int reported) =>
        Assert.Equal(reported, SkipRules.Check([new SourceFile("a.cs", $"class A {{ {member} }}")]).Count());
}
