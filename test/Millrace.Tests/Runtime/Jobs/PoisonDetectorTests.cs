using Millrace.Runtime.Jobs;

namespace Millrace.Tests.Runtime.Jobs;

public sealed class PoisonDetectorTests
{
    static readonly FailureSite Site = new("parse-amount", "orders.csv line 17", "System.FormatException");

    [Fact]
    public void OnFailure_ThreeTimesTheSame_NamesTheRecord()
    {
        PoisonDetector detector = PoisonDetector.Begin.OnFailure(Site).OnFailure(Site with { });
        Assert.Null(detector.Verdict);

        string? verdict = detector.OnFailure(Site).Verdict;

        Assert.Contains("parse-amount has failed 3 times", verdict, StringComparison.Ordinal);
        Assert.Contains("orders.csv line 17", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void OnFailure_CheckpointBetween_BeginsAnew() =>
        Assert.Null(PoisonDetector.Begin.OnFailure(Site).OnFailure(Site).OnCheckpoint().OnFailure(Site).Verdict);

    [Theory]
    [InlineData("other", "orders.csv line 17", "System.FormatException")]
    [InlineData("parse-amount", "orders.csv line 18", "System.FormatException")]
    [InlineData("parse-amount", "orders.csv line 17", "System.OverflowException")]
    public void OnFailure_AnythingElseBetween_BeginsAnew(string op, string record, string exception)
    {
        PoisonDetector detector = PoisonDetector.Begin.OnFailure(Site).OnFailure(Site).OnFailure(new FailureSite(op, record, exception)).OnFailure(Site);

        Assert.Equal(1, detector.Count);
    }

    [Fact]
    public void OnFailure_NoOperatorBetween_BeginsAnewAndAccusesNobody()
    {
        PoisonDetector certain = PoisonDetector.Begin.OnFailure(Site).OnFailure(Site).OnFailure(Site);
        PoisonDetector after = certain.OnFailure(null);

        Assert.NotNull(certain.Verdict);
        Assert.Null(after.Verdict);
        Assert.Equal(1, after.OnFailure(Site).Count);
    }

    [Fact]
    public void OnFailure_RecordUnknown_AccusesNobody()
    {
        FailureSite unknown = Site with { Record = null };

        Assert.Null(PoisonDetector.Begin.OnFailure(unknown).OnFailure(unknown).OnFailure(unknown).OnFailure(unknown).Verdict);
    }
}
