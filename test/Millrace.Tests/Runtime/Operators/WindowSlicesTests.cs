using FsCheck;
using FsCheck.Fluent;
using Millrace.Runtime.Operators;

namespace Millrace.Tests.Runtime.Operators;

public sealed class WindowSlicesTests
{
    static WindowSlices Slices(long size, long slide, long offset = 0) =>
        new(Sliding.Of(TimeSpan.FromTicks(size), TimeSpan.FromTicks(slide)).WithOffset(TimeSpan.FromTicks(offset)));

    // TimeWindowTest of the reference: the start of the window of a timestamp, windows of 7 with offsets.
    [Theory]
    [InlineData(0, 1, 0), InlineData(0, 6, 0), InlineData(0, 7, 7), InlineData(0, 8, 7), InlineData(0, -1, -7), InlineData(0, -7, -7), InlineData(0, -8, -14)]
    [InlineData(3, 1, -4), InlineData(3, 2, -4), InlineData(3, 3, 3), InlineData(3, 9, 3), InlineData(3, 10, 10)]
    [InlineData(-2, 1, -2), InlineData(-2, -2, -2), InlineData(-2, 3, -2), InlineData(-2, 4, -2), InlineData(-2, 7, 5), InlineData(-2, 12, 12), InlineData(-2, -3, -9)]
    [InlineData(-4, -5, -11), InlineData(-4, -4, -4), InlineData(-4, 2, -4), InlineData(-4, 3, 3)]
    public void TryFind_WithOffset_FindsTheStart(long offset, long ticks, long start)
    {
        WindowSlices slices = Slices(7, 7, offset);
        Assert.True(slices.TryFind(ticks, out long first));
        Assert.Equal((start, start + 6), (first, slices.LastOf(ticks)));
        WindowSpan window = slices.SpanOf(slices.FirstWindowOf(ticks));
        Assert.Equal((start, start + 6, slices.LastWindowOf(ticks)), (window.First, window.Last, window.Number));
    }

    [Fact]
    public void TryFind_InAGap_IsFalse()
    {
        WindowSlices slices = Slices(3, 10, 1);
        Assert.Equal([false, true, true, true, false, false], new long[] { 0, 1, 2, 3, 4, 10 }.Select(t => slices.TryFind(t, out _)));
        Assert.True(slices.FirstWindowOf(5) > slices.LastWindowOf(5));
    }

    [Theory, InlineData(10, 10, 1), InlineData(10, 5, 2), InlineData(10, 4, 5), InlineData(3, 10, 1), InlineData(10, 3, 7), InlineData(7, 6, 3)]
    public void PerWindow_CountsSlices(long size, long slide, long count) => Assert.Equal(count, Slices(size, slide).PerWindow);

    [Theory]
    [InlineData(long.MaxValue, long.MaxValue, 0), InlineData(long.MaxValue, 1, 0), InlineData(long.MaxValue, long.MaxValue, long.MaxValue - 1)]
    [InlineData(1, 1, 0), InlineData(2, 1, 0), InlineData(3, 2, 1), InlineData(5, 2, -1), InlineData(1, long.MaxValue, -5)]
    [InlineData(36_000_000_000, 36_000_000_000, 7), InlineData(36_000_000_001, 36_000_000_000, -7)]
    public void Windows_AtTheEndsOfTime_StopThere(long size, long slide, long offset)
    {
        WindowSlices slices = Slices(size, slide, offset);
        foreach (long ticks in new[] { long.MinValue + 1, long.MinValue + 2, -1, 0, 1, long.MaxValue - 1, long.MaxValue })
        {
            if (!slices.TryFind(ticks, out long first)) continue;
            Assert.InRange(ticks, first, slices.LastOf(ticks));
            Assert.Equal(slices.LastOf(first), slices.LastOf(ticks));
            foreach (Int128 number in new[] { slices.FirstWindowOf(ticks), slices.LastWindowOf(ticks) })
            {
                WindowSpan span = slices.SpanOf(number);
                Assert.InRange(ticks, span.First, span.Last);
                Assert.True(span.Window.Start < span.Window.End || ticks == long.MaxValue);
                Assert.True(slices.LastPassed(Timestamp.MaxValue, TimeSpan.MaxValue) >= number);
                Assert.True(slices.LastPassed(span.Window.MaxTimestamp, TimeSpan.Zero) >= number);
            }
        }
    }

    [Fact]
    public void LastPassed_WithLatenessBeyondTheEnd_KeepsWindowsUntilTheEnd()
    {
        WindowSlices slices = Slices(10, 10);
        Int128 window = slices.FirstWindowOf(long.MaxValue - 25);
        TimeSpan lateness = TimeSpan.FromTicks(1_000);
        Assert.True(slices.LastPassed(new(long.MaxValue - 1), lateness) < window);
        Assert.True(slices.LastPassed(Timestamp.MaxValue, lateness) >= window);
    }

    // A definition without slices: window k is [k * slide + offset, k * slide + offset + size).
    [Fact]
    public void Slices_OfAnyWindows_AgreeWithTheDefinition() =>
        Prop.ForAll<int, byte, (byte, short)>((ticks, slide, rest) => Agrees(ticks, rest.Item1 + 1, slide + 1, rest.Item2 % (slide + 1)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    static bool Agrees(long ticks, long size, long slide, long offset)
    {
        WindowSlices slices = Slices(size, slide, offset);
        if (offset < 0) offset += slide;        // The same windows; only their numbers depend on it.
        long reach = (size / slide) + 3;
        long[] Holding(long t) => [.. Enumerable.Range(0, (int)(2 * reach)).Select(k => (ticks / slide) - reach + k).Where(k => Holds(k, t))];
        bool Holds(long k, long t) => (k * slide) + offset <= t && t < (k * slide) + offset + size;

        long[] windows = Holding(ticks);
        bool isInside = slices.TryFind(ticks, out long first);
        if (isInside != windows.Length > 0) return false;
        if (!isInside) return true;
        long last = slices.LastOf(ticks);
        return slices.FirstWindowOf(ticks) == windows[0] && slices.LastWindowOf(ticks) == windows[^1]
            && first <= ticks && ticks <= last && Holding(first).SequenceEqual(windows) && Holding(last).SequenceEqual(windows)
            && slices.TryFind(last, out long again) && again == first
            && windows.All(k => slices.SpanOf(k) == new WindowSpan(k, (k * slide) + offset, (k * slide) + offset + size - 1))
            && windows.All(k => slices.LastPassed(slices.SpanOf(k).Window.MaxTimestamp, TimeSpan.Zero) == k)
            && windows.All(k => slices.LastPassed(new(slices.SpanOf(k).Last - 1), TimeSpan.Zero) == k - 1);
    }
}
