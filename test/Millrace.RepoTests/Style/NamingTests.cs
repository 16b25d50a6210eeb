using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

public sealed class NamingTests
{
    [Fact]
    public void Types_OfTheProduct_HaveTellingNames() =>
        Violations.AssertNone(NamingRules.Check(Repository.Files(Repository.Root, "src", "*.cs")));

    [Theory]
    [InlineData("CheckpointManager", "StateHelpers", "StateUtil", "UtilityBelt", "TableImpl", "OperatorInfo",
        "OperatorBase", "RichFunction", "IJobManager")]
    public void Types_NamedVaguely_AreReported(params string[] names)
    {
        var file = new SourceFile("a.cs", string.Join('\n',
            names.Select((name, i) => i % 2 == 0 ? $"class {name} {{ }}" : $"record struct {name};")));

        Assert.Equal(names.Length, NamingRules.Check([file]).Count());
    }

    [Theory]
    [InlineData("Database", "KeyHash", "Richter", "InfoSink", "Utilisation", "BaseOffset", "Manage", "ManagerialTask", "A", "IO")]
    public void Types_NamedTellingly_AreNotReported(params string[] names) =>
        Assert.All(names, name => Assert.False(NamingRules.IsVague(name), name));

    [Fact]
    public void Types_NestedAndDelegates_AreRead()
    {
        var file = new SourceFile("a.cs", "class A { enum PackInfo { } delegate void JobHelper(); interface IImpl { } }");

        Assert.Equal(3, NamingRules.Check([file]).Count());
    }
}
