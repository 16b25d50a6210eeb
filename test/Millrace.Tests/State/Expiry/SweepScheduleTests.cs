using Millrace.State.Expiry;

namespace Millrace.Tests.State.Expiry;

public sealed class SweepScheduleTests
{
    [Fact]
    public void Pass_ThatLeftALivingRow_IsFollowedByOneWhenThatIsOver()
    {
        SweepSchedule schedule = new(new(800));
        Assert.True(schedule.TryBegin(now: 1_000, upTo: 200));
        schedule.Keep(900);
        schedule.Keep(700);
        schedule.End();
        Assert.Equal(new(1_500), schedule.NextAt);
        Assert.False(schedule.TryBegin(now: 1_499, upTo: 699));
        Assert.True(schedule.TryBegin(now: 1_500, upTo: 700));
        Assert.True(schedule.IsRunning);
    }

    [Fact]
    public void Passes_OfAStateWithSomethingOverAllTheTime_AreAnEighthOfTheLifetimeApart()
    {
        SweepSchedule schedule = new(new(800));
        int passes = 0;
        for (long now = 800; now < 8_800; now++)
        {
            if (!schedule.TryBegin(now, now - 800)) continue;
            passes++;
            schedule.Keep(now - 799);
            schedule.End();
        }

        Assert.Equal(80, passes);
    }

    [Fact]
    public void Pass_ThatFoundNothing_IsFollowedByOneALifetimeLater()
    {
        SweepSchedule schedule = new(new(800));
        Assert.True(schedule.TryBegin(now: 1_000, upTo: 200));
        schedule.End();
        Assert.Equal(new(1_800), schedule.NextAt);
    }
}
