using Millrace.Engine;
using Millrace.Runtime.Operators;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>Panes that are captured while records come and windows go.</summary>
public sealed class WindowSnapshotTests
{
    sealed class ManualTime : TimeProvider
    {
        public long Milliseconds;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddMilliseconds(Milliseconds);
    }

    readonly ManualTime _time = new();

    WindowOperator<int, int, long, WindowValue<int, long>, CountAggregate<int, int>, Int32KeyOps> Count(WindowAssigner windows) =>
        new(static r => r, windows, TimeSpan.Zero, default, _time);

    static WindowOperator<int, int, RecordList<int>, int, ProcessAggregate<int, int, int>, Int32KeyOps> Records(WindowAssigner windows) =>
        new(static r => r % 50, windows, TimeSpan.Zero, new(new CountRecords()), TimeProvider.System);

    sealed class CountRecords : IWindowProcess<int, int, int>
    {
        public void OnWindow(in WindowContent<int, int> content, Output<int> output) => output.Emit(content.Records.Length);
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 3_000)]
    public void Capture_WhilePanesAreWrittenAndDropped_EqualsACopyAtTheBarrier(int seed, int keys)
    {
        Random random = new(seed);
        var op = Count(Sliding.Of(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(10)));
        var twin = Count(Sliding.Of(TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(10)));
        WindowDriver<int, WindowValue<int, long>> driver = new(op, room: 100_000), beside = new(twin, room: 100_000);
        RunStore store = new();
        long now = 0, confirmed = 0;
        for (long id = 1; id <= 40; id++)
        {
            Advance();
            ISnapshotRows rows = op.SnapshotRows[0];
            rows.Begin(new(id, confirmed, KeyRange.Full, IsFull: false, Worn: id % 3 == 0 ? id / 2 : 0));
            RunStore whole = new();
            Take(whole, twin.SnapshotRows[0], id);
            for (int budget = 0; !rows.Capture(ref budget); budget = random.Next(500)) Advance();
            store.Add(id, confirmed, rows.Take());
            Assert.Equal(Rows(whole, id), Rows(store, id));
            if (random.Next(4) > 0) confirmed = id;
        }

        Assert.Equal(beside.Results.Count, driver.Results.Count);
        return;

        void Advance()
        {
            (int, long)[] records = [.. Enumerable.Range(0, random.Next(keys)).Select(_ => (random.Next(keys), now + random.Next(60)))];
            driver.Feed(records);
            beside.Feed(records);
            if (random.Next(3) > 0) return;
            now += random.Next(30);
            driver.Watermark(now - 1);
            beside.Watermark(now - 1);
        }
    }

    [Fact]
    public void Capture_ListsOfRecords_AreThoseOfTheBarrier()
    {
        var op = Records(Tumbling.Of(TimeSpan.FromSeconds(1)));
        WindowDriver<int, int> driver = new(op);
        driver.Feed([.. Enumerable.Range(0, 200).Select(i => (i, 5L))]);
        ISnapshotRows rows = op.SnapshotRows[0];
        rows.Begin(new(1, 0, KeyRange.Full, IsFull: true));
        driver.Feed([.. Enumerable.Range(0, 300).Select(i => (i, 6L))]);
        int budget = int.MaxValue;
        Assert.True(rows.Capture(ref budget));
        RunStore store = new();
        store.Add(1, 0, rows.Take());
        var restored = Records(Tumbling.Of(TimeSpan.FromSeconds(1)));
        store.Restore(1, KeyRange.Full, restored.SnapshotRows[0]);
        restored.OnRestored(Timestamp.None, []);
        WindowDriver<int, int> after = new(restored);
        after.End();
        Assert.Equal(Enumerable.Repeat(4, 50), after.Results.Select(r => r.Value));
        driver.End();
        Assert.Equal(Enumerable.Repeat(10, 50), driver.Results.Select(r => r.Value));
    }

    [Fact]
    public void Restore_InProcessingTime_FiresWhatFellDueMeanwhileAndNothingTwice()
    {
        WindowAssigner windows = Sliding.Of(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(5)).InProcessingTime();
        var op = Count(windows);
        WindowDriver<int, WindowValue<int, long>> driver = new(op);
        _time.Milliseconds = 7;
        driver.Feed((1, 0), (1, 0));
        Clock(driver, 11);
        Assert.Equal(2, Assert.Single(driver.Take()).Value.Value);
        RunStore store = new();
        Take(store, op.SnapshotRows[0], 1);

        var restored = Count(windows);
        store.Restore(1, KeyRange.Full, restored.SnapshotRows[0]);
        restored.OnRestored(op.OwnTime, []);
        WindowDriver<int, WindowValue<int, long>> after = new(restored);
        Assert.Equal(op.NextProcessingTime, restored.NextProcessingTime);
        Clock(after, 100);
        (WindowValue<int, long> value, _) = Assert.Single(after.Take());
        Assert.Equal((2, 14), (value.Value, value.Window.MaxTimestamp.ToUnixMilliseconds()));
        Assert.Equal(Timestamp.MaxValue, restored.NextProcessingTime);
    }

    [Theory]
    [InlineData(30, 10)]
    [InlineData(10, 10)]
    public void Restore_KeysThatWereFurther_FireNothingTwiceAndStayLate(int sizeMs, int slideMs)
    {
        // One instance was at 19, another had no event time yet: a barrier that overtook records cut them at different times.
        WindowAssigner windows = sizeMs == slideMs ? Tumbling.Of(TimeSpan.FromMilliseconds(sizeMs)) : Sliding.Of(TimeSpan.FromMilliseconds(sizeMs), TimeSpan.FromMilliseconds(slideMs));
        int[] keys = [1, 2, 3, 4, 5, 6, 7, 8];
        KeyRange further = KeyRange.Of(0, 2), other = KeyRange.Of(1, 2);
        int[] ofFurther = [.. keys.Where(k => further.Contains(KeyHash.Of(k)))], ofOther = [.. keys.Except(ofFurther)];
        Assert.True(ofFurther.Length > 0 && ofOther.Length > 0);
        Timestamp at = Timestamp.FromUnixMilliseconds(20) - TimeSpan.FromTicks(1);
        RunStore store = new();
        List<string> expected = [], actual = [];

        var first = Count(windows);
        WindowDriver<int, WindowValue<int, long>> before = new(first);
        before.Feed([.. ofFurther.SelectMany(static k => new (int, long)[] { (k, 5), (k, 25) })]);
        before.WatermarkAt(at);
        actual.AddRange(Texts(before.Take()));
        Take(store, first.SnapshotRows[0], 1);
        var second = Count(windows);
        new WindowDriver<int, WindowValue<int, long>>(second).Feed([.. ofOther.Select(static k => (k, 5L))]);
        Take(store, second.SnapshotRows[0], 2);

        var restored = Count(windows);
        foreach (long id in (long[])[1, 2]) store.Restore(id, KeyRange.Full, restored.SnapshotRows[0]);
        restored.OnRestored(Timestamp.None, [new RangeWatermark(further, at)]);
        Assert.Equal([new RangeWatermark(further, at)], restored.Ahead);
        WindowDriver<int, WindowValue<int, long>> after = new(restored);
        // All windows with a record at 2 have fired for these keys when there is no overlap; a record of the others is in time.
        after.Feed([.. ofFurther.Select(static k => (k, 2L))]);
        after.Feed([.. ofOther.Select(static k => (k, 6L))]);
        long late = sizeMs == slideMs ? ofFurther.Length : 0;
        Assert.Equal(late, restored.LateDropped);
        after.End();
        Assert.Empty(restored.Ahead);
        actual.AddRange(Texts(after.Take()));

        var whole = Count(windows);
        WindowDriver<int, WindowValue<int, long>> undisturbed = new(whole);
        undisturbed.Feed([.. ofFurther.SelectMany(static k => new (int, long)[] { (k, 5), (k, 25) })]);
        undisturbed.WatermarkAt(at);
        undisturbed.Feed([.. ofFurther.Select(static k => (k, 2L))]);
        undisturbed.End();
        expected.AddRange(Texts(undisturbed.Take()));
        var own = Count(windows);
        WindowDriver<int, WindowValue<int, long>> alone = new(own);
        alone.Feed([.. ofOther.SelectMany(static k => new (int, long)[] { (k, 5), (k, 6) })]);
        alone.End();
        expected.AddRange(Texts(alone.Take()));
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Restore_InProcessingTimeWithAnInstanceBehind_FiresWhatThatHadNotYet()
    {
        WindowAssigner windows = Tumbling.Of(TimeSpan.FromMilliseconds(10)).InProcessingTime();
        int[] keys = [1, 2, 3, 4, 5, 6, 7, 8];
        KeyRange further = KeyRange.Of(0, 2);
        int[] ofFurther = [.. keys.Where(k => further.Contains(KeyHash.Of(k)))], ofOther = [.. keys.Except(ofFurther)];
        RunStore store = new();
        _time.Milliseconds = 5;
        var first = Count(windows);
        WindowDriver<int, WindowValue<int, long>> before = new(first);
        before.Feed([.. ofFurther.Select(static k => (k, 0L))]);
        Clock(before, 25);
        Assert.Equal(ofFurther.Length, before.Take().Length);
        Take(store, first.SnapshotRows[0], 1);
        _time.Milliseconds = 5;
        var second = Count(windows);
        new WindowDriver<int, WindowValue<int, long>>(second).Feed([.. ofOther.Select(static k => (k, 0L))]);
        Take(store, second.SnapshotRows[0], 2);

        var restored = Count(windows);
        foreach (long id in (long[])[1, 2]) store.Restore(id, KeyRange.Full, restored.SnapshotRows[0]);
        restored.OnRestored(second.OwnTime, [new RangeWatermark(further, first.OwnTime)]);
        WindowDriver<int, WindowValue<int, long>> after = new(restored);
        // The clock of this machine is behind: a record must not go to a window that has fired for its key.
        after.Feed((ofFurther[0], 0));
        Clock(after, 26);
        Assert.Equal(ofOther, after.Take().Select(static r => r.Value.Key).Order());
        Clock(after, 31);
        (WindowValue<int, long> value, _) = Assert.Single(after.Take());
        Assert.Equal((ofFurther[0], 20), (value.Key, value.Window.Start.ToUnixMilliseconds()));
    }

    static IEnumerable<string> Texts(IEnumerable<(WindowValue<int, long> Value, Timestamp Timestamp)> results) => results.Select(static r => $"{r.Value}");

    [Fact]
    public void Restore_ToOtherWindows_IsRefused()
    {
        var op = Count(Tumbling.Of(TimeSpan.FromMilliseconds(10)));
        new WindowDriver<int, WindowValue<int, long>>(op).Feed((1, 15));
        RunStore store = new();
        Take(store, op.SnapshotRows[0], 1);
        var other = Count(Tumbling.Of(TimeSpan.FromMilliseconds(7)));
        Exception e = Assert.Throws<Millrace.State.Codecs.CorruptDataException>(() => store.Restore(1, KeyRange.Full, other.SnapshotRows[0]));
        Assert.Contains("another size", e.Message, StringComparison.Ordinal);
    }

    void Clock(WindowDriver<int, WindowValue<int, long>> driver, long milliseconds)
    {
        _time.Milliseconds = milliseconds;
        driver.Clock(WindowDriver<int, int>.At(milliseconds));
    }

    static void Take(RunStore store, ISnapshotRows rows, long id)
    {
        rows.Begin(new(id, 0, KeyRange.Full, IsFull: true));
        int budget = int.MaxValue;
        Assert.True(rows.Capture(ref budget));
        store.Add(id, 0, rows.Take());
    }

    static SortedDictionary<string, string> Rows(RunStore store, long id)
    {
        CollectedRows rows = new();
        store.Restore(id, KeyRange.Full, rows);
        return rows.All;
    }

    /// <summary>Keeps the rows that a restore would have.</summary>
    sealed class CollectedRows : ISnapshotRows
    {
        public SortedDictionary<string, string> All { get; } = new(StringComparer.Ordinal);

        public StateSchema Schema => throw new NotSupportedException();

        public void Begin(in RowsCut cut) => throw new NotSupportedException();

        public bool Capture(ref int rows) => throw new NotSupportedException();

        public IReadOnlyList<CapturedRun> Take() => throw new NotSupportedException();

        public void Restore(in RunRow row) => All[$"{Convert.ToHexString(row.Key)} {Convert.ToHexString(row.Sub)}"] = Convert.ToHexString(row.Value);

        public void OnRestored()
        {
        }
    }
}
