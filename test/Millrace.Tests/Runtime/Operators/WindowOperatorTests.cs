using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.State;

namespace Millrace.Tests.Runtime.Operators;

// The first cases are those of the reference's WindowOperatorTest, in milliseconds.
public sealed class WindowOperatorTests
{
    static WindowOperator<int, (int Key, int Value), int, WindowValue<int, int>, SumAggregate<int, (int Key, int Value), int>, Int32KeyOps> Sum(
        WindowAssigner windows, double lateness = 0, TimeProvider? time = null) =>
        new(static r => r.Key, windows, TimeSpan.FromMilliseconds(lateness), new(static r => r.Value), time ?? TimeProvider.System);

    static WindowDriver<(int Key, int Value), WindowValue<int, int>> Drive(
        IOperator<(int Key, int Value), WindowValue<int, int>> op, int room = 16) => new(op, room);

    static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    // Key, sum and timestamp, the latter in the milliseconds of the reference.
    static void AssertOut(WindowDriver<(int Key, int Value), WindowValue<int, int>> driver, params (int Key, int Sum, long Time)[] expected)
    {
        var results = driver.Take();
        Assert.Equal(expected.Order(), results.Select(r => (r.Value.Key, r.Value.Value, r.Timestamp.ToUnixMilliseconds())).Order());
        Assert.All(results, r => Assert.Equal(r.Value.Window.MaxTimestamp, r.Timestamp));
        Assert.Equal(results.Select(r => r.Timestamp).Order(), results.Select(r => r.Timestamp));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(16)]
    public void Sliding_ThreeSecondsEverySecond_FiresAsTheReference(int room)
    {
        var op = Sum(Sliding.Of(Ms(3000), Ms(1000)));
        var driver = Drive(op, room);
        driver.Feed(((2, 1), 3999), ((2, 1), 3000), ((1, 1), 20), ((1, 1), 0), ((1, 1), 999), ((2, 1), 1998), ((2, 1), 1999), ((2, 1), 1000));
        driver.Watermark(999);
        AssertOut(driver, (1, 3, 999));
        driver.Watermark(1999);
        AssertOut(driver, (1, 3, 1999), (2, 3, 1999));
        driver.Watermark(2999);
        AssertOut(driver, (1, 3, 2999), (2, 3, 2999));
        driver.Watermark(3999);
        AssertOut(driver, (2, 5, 3999));
        driver.Watermark(4999);
        AssertOut(driver, (2, 2, 4999));
        driver.Watermark(5999);
        AssertOut(driver, (2, 2, 5999));
        driver.Watermark(6999);
        driver.Watermark(7999);
        AssertOut(driver);
        Assert.Equal((6L, 0), (op.WindowsFired, op.PanesLive));
    }

    [Fact]
    public void Tumbling_ThreeSeconds_FiresAsTheReference()
    {
        var driver = Drive(Sum(Tumbling.Of(Ms(3000))));
        driver.Feed(((2, 1), 3999), ((2, 1), 3000), ((1, 1), 20), ((1, 1), 0), ((1, 1), 999), ((2, 1), 1998), ((2, 1), 1999), ((2, 1), 1000));
        driver.Watermark(999);
        driver.Watermark(1999);
        AssertOut(driver);
        driver.Watermark(2999);
        AssertOut(driver, (1, 3, 2999), (2, 3, 2999));
        driver.Watermark(3999);
        driver.Watermark(4999);
        AssertOut(driver);
        driver.Watermark(5999);
        AssertOut(driver, (2, 2, 5999));
        driver.Watermark(6999);
        AssertOut(driver);
    }

    // The reference's testLateness purges as it fires; the default trigger here keeps contents, so the late result is the updated one.
    [Fact]
    public void Lateness_WithinIt_FiresAtOnceWithTheUpdatedResult()
    {
        var op = Sum(Tumbling.Of(Ms(2000)), lateness: 500);
        var driver = Drive(op);
        op.BindLate(driver.BindLate());
        driver.Feed(((1, 1), 500));
        driver.Watermark(1500);
        driver.Feed(((1, 1), 1300));
        AssertOut(driver);
        driver.Watermark(2300);
        AssertOut(driver, (1, 2, 1999));
        driver.Feed(((1, 1), 1997));
        AssertOut(driver, (1, 3, 1999));
        driver.Watermark(6000);
        driver.Feed(((1, 1), 1998));
        driver.Watermark(7000);
        AssertOut(driver);
        Assert.Equal([((1, 1), WindowDriver<int, int>.At(1998))], driver.Late);
        Assert.Equal((0L, 1L, 0), (op.LateDropped, op.LateFirings, op.PanesLive));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Lateness_None_SideOutputOrCount(bool isBound)
    {
        var op = Sum(Tumbling.Of(Ms(2000)));
        var driver = Drive(op, room: 1);
        if (isBound) op.BindLate(driver.BindLate());
        driver.Feed(((1, 1), 1000));
        driver.Watermark(1985);
        driver.Feed(((1, 1), 1980));
        driver.Watermark(1999);
        AssertOut(driver, (1, 2, 1999));
        driver.Feed(((1, 1), 1998), ((1, 1), 1997), ((1, 1), 2001));
        driver.Watermark(2999);
        AssertOut(driver);
        driver.Watermark(3999);
        AssertOut(driver, (1, 1, 3999));
        Assert.Equal(isBound ? [1998L, 1997L] : [], driver.Late.Select(l => l.Timestamp.ToUnixMilliseconds()));
        Assert.Equal(isBound ? 0 : 2, op.LateDropped);
    }

    [Fact]
    public void Sliding_LateForSomeWindows_GoesToTheOthers()
    {
        // Without lateness a record behind the watermark still belongs to the windows that have not fired.
        var op = Sum(Sliding.Of(Ms(10), Ms(1)));
        var driver = Drive(op);
        driver.Feed(((1, 1), 0), ((2, 1), 5));
        driver.Watermark(5);
        driver.Take();
        driver.Feed(((1, 10), 2), ((3, 1), 3), ((1, 100), -5));
        AssertOut(driver);
        driver.Watermark(11);
        AssertOut(driver,
            (1, 11, 6), (1, 11, 7), (1, 11, 8), (1, 11, 9), (1, 10, 10), (1, 10, 11), (2, 1, 6), (2, 1, 7), (2, 1, 8), (2, 1, 9), (2, 1, 10), (2, 1, 11),
            (3, 1, 6), (3, 1, 7), (3, 1, 8), (3, 1, 9), (3, 1, 10), (3, 1, 11));
        Assert.Equal(1, op.LateDropped);
    }

    [Theory, InlineData(1), InlineData(3)]
    public void Sliding_LateWithinLateness_FiresEveryWindowAgain(int room)
    {
        var op = Sum(Sliding.Of(Ms(10), Ms(2)), lateness: 3);
        var driver = Drive(op, room);
        driver.Feed(((1, 1), 5), ((1, 1), 9));
        driver.Watermark(11);
        AssertOut(driver, (1, 1, 5), (1, 1, 7), (1, 2, 9), (1, 2, 11));
        driver.Feed(((1, 10), 6), ((1, 100), 30));
        // The window that ends after 7 ms was cleaned at 7 + 3; those after 9 and 11 fire again; those after 13 and 15 still wait.
        AssertOut(driver, (1, 12, 9), (1, 12, 11));
        driver.Feed(((2, 1), 0));
        AssertOut(driver, (2, 1, 9));
        driver.Watermark(15);
        AssertOut(driver, (1, 12, 13), (1, 11, 15));
    }

    [Fact]
    public void Slide_AboveSize_CountsRecordsInGaps()
    {
        var op = Sum(Sliding.Of(Ms(2), Ms(10)));
        var driver = Drive(op);
        op.BindLate(driver.BindLate());
        driver.Feed(((1, 1), 0), ((1, 1), 1), ((1, 1), 2), ((1, 1), 9), ((1, 1), 10), ((1, 1), -1));
        driver.Watermark(5);
        AssertOut(driver, (1, 2, 1));
        driver.Feed(((1, 1), 4), ((1, 1), 7));
        driver.End();
        AssertOut(driver, (1, 1, 11));
        Assert.Equal(4, op.OutsideWindows);
        Assert.Equal([4L], driver.Late.Select(l => l.Timestamp.ToUnixMilliseconds()));
    }

    [Fact]
    public void Record_AtTheEnd_BelongsToTheNextWindow()
    {
        var driver = Drive(Sum(Tumbling.Of(Ms(10))));
        driver.Feed(((1, 1), 10), ((1, 10), -10), ((1, 100), -1), ((1, 1000), 0));
        driver.End();
        AssertOut(driver, (1, 110, -1), (1, 1000, 9), (1, 1, 19));
    }

    [Fact]
    public void Offset_Negative_ShiftsTheWindows()
    {
        var driver = Drive(Sum(Tumbling.Of(Ms(10)).WithOffset(Ms(-3))));
        driver.Feed(((1, 1), 6), ((1, 10), 7), ((1, 100), -4), ((1, 1000), -3));
        driver.End();
        AssertOut(driver, (1, 100, -4), (1, 1001, 6), (1, 10, 16));
    }

    [Fact]
    public void EndsOfTime_WithLateness_NeitherThrowNorLose()
    {
        foreach (WindowAssigner windows in new[] { Tumbling.Of(TimeSpan.MaxValue), Tumbling.Of(Ms(3)), Sliding.Of(Ms(5), Ms(1)), Sliding.Of(new(7), new(1)), Sliding.Of(new(17), new(3)) })
        {
            var op = Sum(windows, lateness: 1e9);
            var driver = Drive(op);
            driver.FeedAt(((1, 1), Timestamp.MinValue), ((1, 2), Timestamp.UnixEpoch), ((1, 4), Timestamp.MaxValue - new TimeSpan(1)));
            driver.WatermarkAt(Timestamp.MaxValue - new TimeSpan(2));
            driver.FeedAt(((1, 8), Timestamp.MaxValue - new TimeSpan(5)), ((1, 16), Timestamp.MaxValue - new TimeSpan(1)));
            driver.End();
            Assert.Equal(Timestamp.MaxValue, driver.Results[^1].Value.End);
            Assert.Contains(driver.Results, r => (r.Value.Value & 1) != 0);
            Assert.Contains(driver.Results, r => (r.Value.Value & 28) == 28);
            Assert.Equal((0, 0L), (op.PanesLive, op.LateDropped));
            driver.Results.Clear();
            driver.End();
            Assert.Empty(driver.Results);
        }
    }

    [Fact]
    public void Record_WithoutTimestamp_IsRefusedAndNamed()
    {
        var driver = Drive(Sum(Tumbling.Of(Ms(3))));
        Assert.Throws<MissingTimestampException>(() => driver.FeedAt(((1, 1), Timestamp.UnixEpoch), ((1, 2), Timestamp.None)));
        Assert.Equal(1, driver.Position);
    }

    [Theory, InlineData(0), InlineData(100)]
    public void UserCode_Throws_PositionNamesTheRecord(double lateness)
    {
        WindowOperator<int, int, int, WindowValue<int, int>, SumAggregate<int, int, int>, Int32KeyOps> op =
            new(static r => r, Tumbling.Of(Ms(3)), Ms(lateness), new(static r => r == 300 ? throw new InvalidOperationException() : r), TimeProvider.System);
        WindowDriver<int, WindowValue<int, int>> driver = new(op);
        Assert.Throws<InvalidOperationException>(() => driver.Feed([.. Enumerable.Range(0, 1_000).Select(i => (i, 0L))]));
        Assert.Equal(300, driver.Position);
        driver.Watermark(50);
        Assert.Throws<InvalidOperationException>(() => driver.Feed((1, lateness > 0 ? 0 : 60L), (300, lateness > 0 ? 0 : 60L)));
        Assert.Equal(1, driver.Position);
    }

    [Fact]
    public void Watermark_OverAMillionPanes_StopsWheneverRoomRunsOut()
    {
        var op = Sum(Tumbling.Of(Ms(1)));
        var driver = Drive(op, room: 1_000);
        for (int i = 0; i < 20; i++) driver.Feed([.. Enumerable.Range(0, 1_000).Select(k => ((k, 1), (long)((i * 50) + (k % 50))))]);
        int calls = driver.Calls;
        driver.End();
        Assert.Equal(20_000, driver.Results.Count);
        Assert.InRange(driver.Calls - calls, 20, 24);
        Assert.Equal(driver.Results.Select(r => r.Timestamp).Order(), driver.Results.Select(r => r.Timestamp));
    }

    [Theory, InlineData(0), InlineData(1_000)]
    public void Sliding_OverMoreKeysThanACallMayTouch_GoesOnWhereItStopped(double lateness)
    {
        const int keys = 20_000;
        var op = Sum(Sliding.Of(Ms(3), Ms(1)), lateness);
        var driver = Drive(op, room: 1_024);
        ((int, int), long)[] Everyone(long time, int value) => [.. Enumerable.Range(0, keys).Select(k => ((k, value), time))];
        for (int time = 0; time < 8; time++)
        {
            driver.Feed(Everyone(time, 1));
            driver.Watermark(time);
            Assert.Equal(keys, driver.Results.Count);
            driver.Results.Clear();
        }

        driver.Feed(Everyone(6, 10));
        if (lateness > 0) Assert.All(driver.Results.TakeLast(2), r => Assert.InRange(r.Value.Value, 13, 13));
        driver.Results.Clear();
        driver.Watermark(8);
        Assert.Equal(keys, driver.Results.Count);
        Assert.All(driver.Results, r => Assert.Equal(12, r.Value.Value));
        driver.Results.Clear();
        driver.End();
        Assert.Equal(keys, driver.Results.Count);
        Assert.All(driver.Results, r => Assert.Equal(1, r.Value.Value));
    }

    [Theory, InlineData(10, 10, 0), InlineData(100, 10, 0), InlineData(105, 10, 0), InlineData(100, 10, 30)]
    public void LaterPass_OverTheSameKeys_AllocatesNothing(double size, double slide, double lateness)
    {
        // Records 25 ms out of order behind a watermark of 10 ms: late ones, too, must not allocate.
        const int count = 1_024;
        var op = Sum(Sliding.Of(Ms(size), Ms(slide)), lateness);
        Random random = new(1);
        OutputBuffer<WindowValue<int, int>> output = new();
        WindowValue<int, int>[] values = new WindowValue<int, int>[count];
        Timestamp[] times = new Timestamp[count];
        Batch<(int Key, int Value)> batch = new(count, true) { Count = count };
        long time = 0, records = 0, start = 0;
        // So few keys that every table is as large as it can be after its first slices: which one a later slice gets is chance.
        for (int pass = 0; pass < 2; pass++)
        {
            start = GC.GetAllocatedBytesForCurrentThread();
            for (records = 0; records < 400_000; records += count)
            {
                for (int i = 0; i < count; i++)
                {
                    batch.Values[i] = (random.Next(10), 1);
                    batch.Timestamps[i] = WindowDriver<int, int>.At((time += i & 1) - (random.Next(10) == 0 ? random.Next(25) : 0));
                }

                for (int position = 0; position < count;)
                {
                    output.Bind(values, times, 0, count);
                    op.Process(batch, ref position, output);
                }

                do output.Bind(values, times, 0, count);
                while (!op.OnWatermark(WindowDriver<int, int>.At(time - 10), output));
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 0, records / 100);
        Assert.True(op.WindowsFired > 1_000);
    }
}
