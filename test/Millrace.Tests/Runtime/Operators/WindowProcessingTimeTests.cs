using Millrace.Engine;
using Millrace.Runtime.Operators;
using Millrace.State;

namespace Millrace.Tests.Runtime.Operators;

public sealed class WindowProcessingTimeTests
{
    sealed class ManualTime : TimeProvider
    {
        public long Milliseconds;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(Milliseconds);
    }

    readonly ManualTime _time = new();

    WindowOperator<int, int, long, WindowValue<int, long>, CountAggregate<int, int>, Int32KeyOps> Count(WindowAssigner windows) =>
        new(static r => r, windows.InProcessingTime(), TimeSpan.Zero, default, _time);

    static (int, long, long)[] Take(WindowDriver<int, WindowValue<int, long>> driver) =>
        [.. driver.Take().Select(r => (r.Value.Key, r.Value.Value, r.Value.Window.MaxTimestamp.ToUnixMilliseconds())).Order()];

    [Fact]
    public void Tumbling_OnTheClock_FiresAsTheReference()
    {
        // testProcessingTimeTumblingWindows of the reference: timestamps of records are ignored, even the end of time.
        var op = Count(Tumbling.Of(TimeSpan.FromSeconds(3)));
        WindowDriver<int, WindowValue<int, long>> driver = new(op, room: 1);
        _time.Milliseconds = 3;
        driver.FeedAt((2, Timestamp.MaxValue), (2, Timestamp.None), (2, Timestamp.UnixEpoch), (1, Timestamp.MaxValue), (1, Timestamp.MaxValue));
        Assert.Equal(2999, op.NextProcessingTime.ToUnixMilliseconds());
        driver.WatermarkAt(Timestamp.UnixEpoch + TimeSpan.FromDays(1));
        Assert.Empty(driver.Results);
        _time.Milliseconds = 5000;
        driver.Clock(WindowDriver<int, int>.At(5000));
        Assert.Equal([(1, 2, 2999), (2, 3, 2999)], Take(driver));
        driver.FeedAt((1, Timestamp.MaxValue), (1, Timestamp.MaxValue), (1, Timestamp.MaxValue));
        _time.Milliseconds = 7000;
        driver.Clock(WindowDriver<int, int>.At(7000));
        Assert.Equal([(1, 3, 5999)], Take(driver));
        Assert.Equal((Timestamp.MaxValue, 0), (op.NextProcessingTime, op.PanesLive));
    }

    [Fact]
    public void Clock_AtTheLastTick_DoesNotFireYet()
    {
        var op = Count(Tumbling.Of(TimeSpan.FromMilliseconds(10)));
        WindowDriver<int, WindowValue<int, long>> driver = new(op);
        driver.Feed((1, 0));
        driver.Clock(op.NextProcessingTime);
        Assert.Empty(driver.Results);
        driver.Clock(op.NextProcessingTime + TimeSpan.FromTicks(1));
        Assert.Equal([(1, 1, 9)], Take(driver));
    }

    [Fact]
    public void Clock_GoingBack_LosesNothing()
    {
        var op = Count(Sliding.Of(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(10)));
        WindowDriver<int, WindowValue<int, long>> driver = new(op);
        _time.Milliseconds = 100;
        driver.Feed((1, 0));
        driver.Clock(WindowDriver<int, int>.At(135));
        Assert.Equal([(1, 1, 109), (1, 1, 119)], Take(driver));
        _time.Milliseconds = 50;
        driver.Feed((1, 0));
        driver.Clock(WindowDriver<int, int>.At(60));
        Assert.Empty(driver.Results);
        driver.End();
        Assert.Equal([(1, 1, 139), (1, 1, 149)], Take(driver));
        Assert.Equal((0L, 0L), (op.LateDropped, op.OutsideWindows));
    }

    [Fact]
    public void End_WithOpenWindows_FiresThem()
    {
        WindowDriver<int, WindowValue<int, long>> driver = new(Count(Tumbling.Of(TimeSpan.FromHours(1))), room: 1);
        driver.Feed((1, 0), (2, 0), (1, 0));
        driver.End();
        Assert.Equal([(1, 2, 3_599_999), (2, 1, 3_599_999)], Take(driver));
        driver.End();
        Assert.Empty(driver.Results);
    }
}
