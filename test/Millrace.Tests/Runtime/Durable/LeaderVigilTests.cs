using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>When a leader is taken for gone, and when a standby claims the job.</summary>
public sealed class LeaderVigilTests
{
    static readonly TimeSpan s_after = TimeSpan.FromSeconds(10), s_reading = TimeSpan.FromSeconds(3);
    static readonly LeaderAnswer s_silent = new LeaderAnswer.Silent("it does not answer"), s_gone = new LeaderAnswer.Gone(), s_alive = new LeaderAnswer.Done("it leads the job");

    LeaderVigil _vigil = LeaderVigil.Begin;

    [Fact]
    public void Leader_ThatAnswers_Lives() => Assert.Equal(LeaderVerdict.Lives, See(0, s_alive));

    [Fact]
    public void Leader_KnownToBeGone_IsGoneAtOnce() => Assert.Equal(LeaderVerdict.Gone, See(0, s_gone));

    [Fact]
    public void Claim_WithoutAnAddress_IsOfAToolThatIsGone() => Assert.Equal(LeaderVerdict.Gone, See(0, s_alive, isReachable: false));

    [Fact]
    public void Leader_SilentAfterItRecordedAnEnd_IsGoneAtOnce() => Assert.Equal(LeaderVerdict.Gone, See(0, s_silent, isOver: true));

    [Fact]
    public void Leader_SilentForLongEnough_IsTakenForGone()
    {
        Assert.Equal(LeaderVerdict.Doubtful, See(0, s_silent));
        // It was read from 0 to 3, so the silence that counts is from 3 on.
        Assert.Equal(LeaderVerdict.Doubtful, See(12.9, s_silent));
        Assert.Equal(LeaderVerdict.Gone, See(13, s_silent));
    }

    [Fact]
    public void Reading_ThatTakesLong_IsNoSilenceOfTheLeader()
    {
        See(0, s_silent);
        // Begun within the time, and ended long after it.
        Assert.Equal(LeaderVerdict.Doubtful, See(12, s_silent, reading: TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void Entry_Written_BeginsTheTimeAnew()
    {
        See(0, s_silent);
        Assert.Equal(LeaderVerdict.Doubtful, See(12, s_silent, sequence: 6));
        Assert.Equal(LeaderVerdict.Doubtful, See(24, s_silent, sequence: 6));
        Assert.Equal(LeaderVerdict.Gone, See(25, s_silent, sequence: 6));
    }

    [Fact]
    public void Claim_OfAnother_BeginsTheTimeAnew()
    {
        See(0, s_silent);
        Assert.Equal(LeaderVerdict.Doubtful, See(20, s_silent, term: 3));
    }

    [Fact]
    public void Answer_InBetween_BeginsTheTimeAnew()
    {
        See(0, s_silent);
        Assert.Equal(LeaderVerdict.Lives, See(12, s_alive));
        Assert.Equal(LeaderVerdict.Doubtful, See(14, s_silent));
        Assert.Equal(LeaderVerdict.Doubtful, See(26, s_silent));
        Assert.Equal(LeaderVerdict.Gone, See(27, s_silent));
    }

    [Fact]
    public void Standby_OfALeaderThatIsGone_BacksOffOnceAndClaims()
    {
        StandbyWait wait = StandbyWait.Begin;
        (wait, StandbyStep step) = wait.Look(2, isLed: true);
        Assert.Equal(StandbyStep.LookAgain, step);
        (wait, step) = wait.Look(2, isLed: false);
        Assert.Equal(StandbyStep.BackOff, step);
        (_, step) = wait.Look(2, isLed: false);
        Assert.Equal(StandbyStep.Claim, step);
    }

    [Fact]
    public void Standby_WhenAnotherWasFaster_WaitsForThatOne()
    {
        (StandbyWait wait, _) = StandbyWait.Begin.Look(2, isLed: false);
        (wait, StandbyStep step) = wait.Look(3, isLed: true);
        Assert.Equal(StandbyStep.LookAgain, step);
        (wait, step) = wait.Look(3, isLed: false);
        Assert.Equal(StandbyStep.BackOff, step);
        // The one that was faster has ended, and another has claimed meanwhile and ended as well.
        (_, step) = wait.Look(4, isLed: false);
        Assert.Equal(StandbyStep.BackOff, step);
    }

    [Fact]
    public void Standby_OfAJobThatWasNeverStarted_StartsIt() => Assert.Equal(StandbyStep.Claim, StandbyWait.Begin.Look(null, isLed: false).Step);

    [Theory]
    [InlineData(0, 1, 1, "After")]
    [InlineData(1, 0, 1, "LookEvery")]
    [InlineData(1, 1, -1, "BackoffMax")]
    public void Options_OutOfRange_AreNamed(int after, int look, int backoff, string name)
    {
        TakeoverOptions wrong = new() { After = TimeSpan.FromSeconds(after), LookEvery = TimeSpan.FromSeconds(look), BackoffMax = TimeSpan.FromSeconds(backoff) };
        Assert.StartsWith(name, Assert.Throws<ArgumentException>(wrong.Validated).Message, StringComparison.Ordinal);
    }

    LeaderVerdict See(double at, LeaderAnswer answer, long term = 2, long sequence = 5, bool isReachable = true, bool isOver = false, TimeSpan? reading = null)
    {
        TimeSpan began = TimeSpan.FromSeconds(at);
        LeaderSighting seen = new(term, isReachable, new LedgerPosition(term, sequence, $"hash of {term}.{sequence}"), isOver, answer, began, began + (reading ?? s_reading));
        (_vigil, LeaderVerdict verdict) = _vigil.See(seen, s_after);
        return verdict;
    }
}
