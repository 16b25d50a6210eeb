namespace Millrace.Tests.Runtime.Operators;

/// <summary>
/// Flink's rules for timers (InternalTimerServiceImplTest, and what its users rely on), one tick for its millisecond: a timer fires when the
/// watermark has reached it, or once the clock has passed it.
/// </summary>
public sealed class KeyedProcessTimerTests
{
    readonly KeyedProcessDriver<int, Act, string> _driver = new(static act => act.Key, static scope => new ActedProcess(scope));

    ActedProcess Function => (ActedProcess)_driver.Operator.Function!;

    [Fact]
    public void EventTimer_WatermarkReachesIt_FiresWithItsTimestamp()
    {
        On(1, f => f.One.Set(new(10)));
        Watermark(9);
        Assert.Empty(_driver.Outputs);
        Watermark(10);
        Assert.Equal([("one 1 10", new Timestamp(10))], _driver.Outputs);
        Watermark(11);
        Assert.Single(_driver.Outputs);
    }

    [Fact]
    public void ProcessingTimer_ClockHasPassedIt_FiresWithoutTimestamp()
    {
        On(1, f => f.Clock.Set(new(10)));
        Assert.Equal(new Timestamp(10), _driver.Operator.NextProcessingTime);
        _driver.Clock(new(10));
        Assert.Empty(_driver.Outputs);
        _driver.Clock(new(11));
        Assert.Equal([("clock 1 10", Timestamp.None)], _driver.Outputs);
        Assert.Equal(Timestamp.MaxValue, _driver.Operator.NextProcessingTime);
    }

    [Fact]
    public void ProcessingTimer_EarlierOneSet_MovesTheNextLook()
    {
        On(1, f => f.Clock.Set(new(20)));
        On(2, f => f.Clocks.Add(new(10)));
        Assert.Equal(new Timestamp(10), _driver.Operator.NextProcessingTime);
        On(3, f => f.Clock.Set(new(5)));
        Assert.Equal(new Timestamp(5), _driver.Operator.NextProcessingTime);
        _driver.Clock(new(100));
        Assert.Equal(["clock 3 5", "clocks 2 10", "clock 1 20"], Fired());
    }

    [Fact]
    public void TimerSet_SameDeadlineTwice_IsOneTimer()
    {
        On(1, f => { f.Many.Add(new(10)); f.Many.Add(new(10)); f.Many.Add(new(11)); });
        On(2, f => f.Many.Add(new(10)));
        Watermark(20);
        Assert.Equal(["many 1 10", "many 2 10", "many 1 11"], Fired());
    }

    [Fact]
    public void Timers_OfAllNames_FireInOrderOfDeadlineThenSetting()
    {
        On(1, f => { f.Two.Set(new(5)); f.One.Set(new(5)); f.Many.Add(new(4)); f.Many.Add(new(5)); });
        On(2, f => { f.Many.Add(new(3)); f.One.Set(new(9)); f.Two.Set(new(5)); });
        On(1, f => f.Two.Set(new(5)));
        Watermark(9);
        Assert.Equal(["many 2 3", "many 1 4", "two 1 5", "one 1 5", "many 1 5", "two 2 5", "one 2 9"], Fired());
    }

    [Fact]
    public void Timer_Cancelled_DoesNotFire()
    {
        On(1, f => { f.One.Set(new(5)); f.Many.Add(new(5)); f.Many.Add(new(6)); f.Clock.Set(new(5)); f.Clocks.Add(new(5)); });
        On(2, f => f.One.Set(new(5)));
        On(1, f =>
        {
            f.One.Cancel();
            Assert.True(f.Many.Remove(new(5)));
            Assert.False(f.Many.Remove(new(5)));
            f.Clock.Cancel();
            f.Clocks.Remove(new(5));
            f.One.Cancel();
        });
        Watermark(10);
        _driver.Clock(new(10));
        Assert.Equal(["one 2 5", "many 1 6"], Fired());
    }

    [Fact]
    public void Timer_CancelledInTheSameAdvance_DoesNotFire()
    {
        On(1, f => { f.One.Set(new(5)); f.Two.Set(new(6)); f.Many.Add(new(7)); f.Many.Add(new(8)); });
        Function.Fires = (timer, _) =>
        {
            if (timer != Function.One) return;
            Function.Two.Cancel();
            Function.Many.Remove(new(7));
        };
        Watermark(10);
        Assert.Equal(["one 1 5", "many 1 8"], Fired());
    }

    [Fact]
    public void Timer_SetDueInACallback_FiresInTheSameAdvance()
    {
        On(1, f => f.One.Set(new(5)));
        Function.Fires = (timer, at) =>
        {
            Assert.False(Function.One.TryGet(out _));
            if (at.Ticks is > 2 and < 8) Function.One.Set(at + TimeSpan.FromTicks(1));
            else if (at.Ticks == 8) Function.Many.Add(new(2));
            if (at.Ticks == 2) Function.Two.Set(new(11));
        };
        Watermark(10);
        Assert.Equal(["one 1 5", "one 1 6", "one 1 7", "one 1 8", "many 1 2"], Fired());
        Watermark(11);
        Assert.Equal("two 1 11", Fired()[^1]);
    }

    [Fact]
    public void ProcessingTimer_SetInACallback_LeavesNothingBehind()
    {
        On(1, f => f.Clock.Set(new(5)));
        Function.Fires = (_, at) =>
        {
            if (at.Ticks < 8) Function.Clock.Set(at + TimeSpan.FromTicks(1));
            if (at.Ticks == 8) Function.Clock.Set(new(20));
        };
        _driver.Clock(new(10));
        Assert.Equal(["clock 1 5", "clock 1 6", "clock 1 7", "clock 1 8"], Fired());
        Assert.Equal(new Timestamp(20), _driver.Operator.NextProcessingTime);
    }

    [Fact]
    public void Timer_InThePast_FiresAtTheNextAdvance()
    {
        Watermark(10);
        _driver.Clock(new(100));
        On(1, f => { f.One.Set(new(3)); f.Many.Add(Timestamp.MinValue); f.Clock.Set(new(50)); });
        Assert.Empty(_driver.Outputs);
        Watermark(11);
        _driver.Clock(new(100));
        Assert.Equal([$"many 1 {Timestamp.MinValue.Ticks}", "one 1 3", "clock 1 50"], Fired());
    }

    [Fact]
    public void Timer_Moved_FiresOnceWhereItIs()
    {
        On(1, f => f.One.Set(new(10)));
        On(1, f => f.One.Set(new(30)));
        On(2, f => f.One.Set(new(30)));
        On(2, f => f.One.Set(new(20)));
        On(3, f => { f.One.Set(new(5)); f.One.Set(new(40)); f.One.Set(new(5)); f.One.Cancel(); f.One.Set(new(25)); });
        On(3, f => Assert.True(f.One.TryGet(out Timestamp at) && at.Ticks == 25));
        Watermark(20);
        Assert.Equal(["one 2 20"], Fired());
        Watermark(50);
        Assert.Equal(["one 2 20", "one 3 25", "one 1 30"], Fired());
    }

    [Fact]
    public void EventTimer_AtTheEndOfTime_FiresAtTheEndOfInput()
    {
        On(1, f => { f.One.Set(Timestamp.MaxValue); f.Many.Add(new(7)); });
        Watermark(long.MaxValue - 1);
        Assert.Equal(["many 1 7"], Fired());
        _driver.End();
        Assert.Equal(("one 1 " + long.MaxValue, Timestamp.MaxValue), _driver.Outputs[^1]);
    }

    [Fact]
    public void ProcessingTimers_AtTheEndOfInput_AreDroppedAndCounted()
    {
        On(1, f => { f.Clock.Set(new(500)); f.Clocks.Add(new(600)); f.Clocks.Add(new(601)); f.Clocks.Remove(new(601)); f.One.Set(new(9)); });
        Function.Fires = (_, _) => Function.Clock.Set(new(700));
        On(2, f => f.Clock.Set(new(500)));
        _driver.End();
        Assert.Equal(["one 1 9"], Fired());
        Assert.Equal(3, _driver.ProcessingTimersDropped);
        Assert.Equal(Timestamp.MaxValue, _driver.Operator.NextProcessingTime);
        _driver.Clock(new(10_000));
        Assert.Single(_driver.Outputs);
    }

    [Fact]
    public void CurrentWatermark_WhileTimersFire_IsTheNewOne()
    {
        List<(Timestamp, Timestamp)> seen = [];
        On(1, f => { f.One.Set(new(5)); f.Clock.Set(new(8)); seen.Add((f.Scope.CurrentWatermark, f.Scope.CurrentProcessingTime)); });
        Function.Fires = (_, _) => seen.Add((Function.Scope.CurrentWatermark, Function.Scope.CurrentProcessingTime));
        Watermark(7);
        _driver.Clock(new(9));
        Assert.Equal([(Timestamp.None, new(0)), (new(7), new(0)), (new(7), new(9))], seen);
    }

    [Fact]
    public void Timer_Fires_StateIsOnItsKey()
    {
        for (int key = 1; key <= 3; key++) On(key, f => { f.Count.Set(f.Count.GetOr(0) + 1); f.One.Set(new(5)); });
        On(2, f => f.Count.Set(20));
        List<int> counts = [];
        Function.Fires = (_, _) => counts.Add(Function.Count.GetOr(-1));
        Watermark(5);
        Assert.Equal([1, 20, 1], counts);
        Assert.Throws<InvalidOperationException>(() => Function.Count.Set(1));
    }

    void On(int key, Action<ActedProcess> act) => _driver.Send((new Act(key, act), new Timestamp(1)));

    void Watermark(long ticks) => _driver.Watermark(new(ticks));

    string[] Fired() => [.. _driver.Outputs.Select(o => o.Value)];
}
