using Millrace.Hosting;

namespace Millrace.Tests.Hosting;

public sealed class HostCommandParserTests
{
    [Fact]
    public void Parse_EngineOptionsAmongTheJobs_TellsThemApart()
    {
        HostCommand command = HostCommandParser.Parse(
            ["--input", "a.csv", "--parallelism", "4", "--rate=5", "--threads=3", "--no-chaining", "--dry", "--quiet", "--no-progress"]);

        Assert.Equal(["--input", "a.csv", "--rate=5", "--dry"], command.JobWords);
        Assert.Equal((4, 3, false), (command.Parallelism, command.Threads, command.IsChaining));
        Assert.True(command.IsQuiet);
        Assert.False(command.HasProgress);
        Assert.Null(command.Explain);
    }

    [Theory]
    [InlineData(new[] { "--explain" }, "Text")]
    [InlineData(new[] { "--explain=json" }, "Json")]
    [InlineData(new[] { "--explain", "json" }, "Json")]
    [InlineData(new[] { "--explain", "--input", "x" }, "Text")]
    public void Parse_Explain_TakesAFormat(string[] words, string format) => Assert.Equal(format, $"{HostCommandParser.Parse(words).Explain}");

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public void Parse_Help_IsAskedFor(string word) => Assert.True(HostCommandParser.Parse(["--input", "a", word]).IsHelp);

    [Fact]
    public void Parse_DashWordAfterAJobOption_IsItsValue() => Assert.False(HostCommandParser.Parse(["--pattern", "-h"]).IsHelp);

    [Fact]
    public void Parse_SeveralMistakes_NamesThemAll()
    {
        var wrong = Assert.Throws<UsageException>(static () => HostCommandParser.Parse(
            ["--parallelism", "many", "--threads", "0", "--explain=xml", "--quiet=no", "--parallelism"]));

        Assert.Equal(
            [
                "--parallelism is 'many'; give a whole number, as in --parallelism 4",
                "--threads is 0; give 1 or more",
                "--explain is 'xml'; give text or json",
                "--quiet takes no value; leave out '=no'",
                "--parallelism is given twice; give it once",
                "--parallelism has no value; give a whole number, as in --parallelism 4",
            ],
            wrong.Problems);
    }

    [Theory]
    [InlineData("--outptu", "--output")]
    [InlineData("--paralelism", "--parallelism")]
    [InlineData("--in", null)]
    [InlineData("--zzzzzz", null)]
    public void NearestWord_OfAMisspeltOption_IsTheOneMeant(string word, string? meant) =>
        Assert.Equal(meant, NearestWord.Of(word, ["--input", "--output", "--parallelism", "--quiet"]));

    [Theory]
    [InlineData("FlightDelays", "flight-delays")]
    [InlineData("HTTPLogJob", "http-log-job")]
    [InlineData("OrdersV2", "orders-v2")]
    [InlineData("word_count", "word-count")]
    public void JobNames_Dashed_IsLowerCaseWithDashes(string type, string name) => Assert.Equal(name, JobNames.Dashed(type));

    [Fact]
    public void JobNames_OfATypeWithTheAttribute_IsItsName() => Assert.Equal("named-otherwise", JobNames.Of(typeof(Named)));

    [JobName("named-otherwise")]
    sealed class Named;
}
