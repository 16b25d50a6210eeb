using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class WatermarkTrackerTests
{
    [Fact]
    public void Watermark_BeforeTheFirstRecord_IsNone() => Assert.True(Tracker(5).Watermark.IsNone);

    [Fact]
    public void Watermark_AfterRecords_IsTheLargestMinusTheBoundMinusOneTick()
    {
        WatermarkTracker<long> tracker = Tracker(5);
        Assign(tracker, 10, 20, 17);
        Assert.Equal(new Timestamp(14), tracker.Watermark);
    }

    [Fact]
    public void Watermark_SmallestTimestamp_IsNoneSoThatItsEqualsAreNotLate()
    {
        WatermarkTracker<long> tracker = Tracker(0);
        Assign(tracker, long.MinValue + 1, long.MinValue + 1);
        Assert.True(tracker.Watermark.IsNone, $"{tracker.Watermark}");
        Assign(tracker, long.MinValue + 2);
        Assert.Equal(Timestamp.MinValue, tracker.Watermark);
    }

    [Fact]
    public void Watermark_BoundBelowTheRange_IsNone()
    {
        WatermarkTracker<long> tracker = Tracker(100);
        Assign(tracker, long.MinValue + 50);
        Assert.True(tracker.Watermark.IsNone, $"{tracker.Watermark}");
    }

    [Theory]
    [InlineData(long.MinValue, "no timestamp")]
    [InlineData(long.MaxValue, "reserved for the end of input")]
    public void Assign_TimestampOutsideTheRange_IsRefused(long ticks, string words)
    {
        TimestampException e = Assert.Throws<TimestampException>(() => Assign(Tracker(0), ticks));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains("record: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Assign_NoWatermarks_NeverStops()
    {
        WatermarkTracker<long> tracker = new(WatermarkStrategy.NoWatermarks<long>(static t => new(t)));
        Assign(tracker, 100, 1, 50, -3);
        Assert.True(tracker.Watermark.IsNone);
    }

    [Fact]
    public void RestoreWatermark_GoesOnFromIt()
    {
        WatermarkTracker<long> tracker = Tracker(5);
        tracker.RestoreWatermark(new(14));
        Assert.Equal(new Timestamp(14), tracker.Watermark);
        Assert.Equal(new Timestamp(20), tracker.Largest);

        // One that is behind has the watermark travel before it.
        Timestamp[] timestamps = new Timestamp[1];
        int position = 0;
        tracker.Assign([14], timestamps, ref position);
        Assert.Equal(0, position);
        tracker.Sent();
        Assign(tracker, 14, 19, 21);
        Assert.Equal(new Timestamp(15), tracker.Watermark);
    }

    [Fact]
    public void RestoreWatermark_None_IsANewBeginning()
    {
        WatermarkTracker<long> tracker = Tracker(5);
        tracker.RestoreWatermark(Timestamp.None);
        Assert.True(tracker.Watermark.IsNone && tracker.Largest.IsNone);
    }

    static WatermarkTracker<long> Tracker(long boundTicks) =>
        new(WatermarkStrategy.BoundedOutOfOrderness<long>(TimeSpan.FromTicks(boundTicks), static t => new(t)));

    static void Assign(WatermarkTracker<long> tracker, params long[] ticks)
    {
        Timestamp[] timestamps = new Timestamp[ticks.Length];
        for (int position = 0; position < ticks.Length; tracker.Sent()) tracker.Assign(ticks, timestamps, ref position);
        Assert.Equal(ticks, timestamps.Select(static t => t.Ticks));
    }
}
