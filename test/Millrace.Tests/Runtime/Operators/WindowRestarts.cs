using Millrace.Engine;
using Millrace.Runtime.Operators;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>
/// A window operator that is snapshotted at every boundary between batches, and at most of them replaced
/// by one restored from it.
/// </summary>
sealed class WindowRestarts<TAccumulator, TAggregate>
    where TAggregate : struct, IAggregate<int, (int, int), TAccumulator, (int Key, TimeWindow Window, string Value)>
{
    readonly Func<WindowOperator<int, (int, int), TAccumulator, (int Key, TimeWindow Window, string Value), TAggregate, Int32KeyOps>> _make;
    readonly OutputBuffer<(int, int)> _late;
    readonly bool _isRestored;
    readonly RunStore _store = new();
    long _id;
    long _outside;

    public WindowRestarts(
        Func<WindowOperator<int, (int, int), TAccumulator, (int Key, TimeWindow Window, string Value), TAggregate, Int32KeyOps>> make, int room, bool isRestored)
    {
        (_make, _isRestored) = (make, isRestored);
        Operator = make();
        Driver = new(Operator, room);
        _late = Driver.BindLate();
        Operator.BindLate(_late);
    }

    public WindowOperator<int, (int, int), TAccumulator, (int Key, TimeWindow Window, string Value), TAggregate, Int32KeyOps> Operator { get; private set; }

    public WindowDriver<(int, int), (int Key, TimeWindow Window, string Value)> Driver { get; }

    public Timestamp Watermark { get; set; } = Timestamp.None;

    public long OutsideWindows => _outside + Operator.OutsideWindows;

    public void Boundary()
    {
        if (!_isRestored) return;
        ISnapshotRows rows = Assert.Single(Operator.SnapshotRows);
        rows.Begin(new(++_id, _id - 1, KeyRange.Full, IsFull: false));
        int budget = int.MaxValue;
        Assert.True(rows.Capture(ref budget));
        _store.Add(_id, _id - 1, rows.Take());
        if (_id % 3 == 0) return;
        _outside += Operator.OutsideWindows;
        Operator = _make();
        Operator.BindLate(_late);
        _store.Restore(_id, KeyRange.Full, Operator.SnapshotRows[0]);
        Operator.OnRestored(Watermark, []);
        Driver.Replace(Operator);
    }
}
