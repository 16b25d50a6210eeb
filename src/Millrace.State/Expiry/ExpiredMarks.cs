using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>
/// Rows that are over when they are captured. A full run leaves them out. In a delta a mark of deletion takes their place, because an earlier
/// run may have the row with an earlier value, which nobody who reads the snapshot is to take for the present one. Owned by the thread that owns
/// the table.
/// </summary>
/// <param name="name">The state, for errors.</param>
/// <param name="format">How rows are written.</param>
sealed class ExpiredMarks<TKey, TValue>(string name, RowFormat<TKey, TValue> format)
{
    readonly PagePool<TableSlot<TKey, Deletion>> _pool = new();
    readonly RowPages<TableSlot<TKey, Deletion>>?[] _marks = new RowPages<TableSlot<TKey, Deletion>>?[CutPlan.SlicesMax];
    readonly MarkFormat<TKey, TValue> _format = new(format);
    TtlLimit _limit;
    long _expected;

    /// <summary>A capture begins: what is over by now is over in it, however long it takes.</summary>
    /// <param name="expected">How many rows there are.</param>
    public void Begin(long expected)
    {
        _pool.BeginCapture();
        _limit = format.Ttl!.Limit;
        _expected = expected;
    }

    /// <summary>Takes a row that has changed since the base, if it is over.</summary>
    public bool TryTake(ref TableSlot<TKey, TValue> slot, int slice, bool isFull, long tag)
    {
        if (!format.IsOver(in slot.Value, _limit)) return false;
        if (isFull) return true;
        ref TableSlot<TKey, Deletion> mark = ref (_marks[slice] ??= new(_pool, _expected)).Add(tag);
        mark.Hash = slot.Hash;
        mark.Epoch = slot.Epoch;
        mark.Key = slot.Key;
        return true;
    }

    /// <summary>Hands over the marks of a slice.</summary>
    public void Take(int slice, List<RunPart> into)
    {
        if (_marks[slice] is { } marks) into.Add(new SlotPart<TKey, Deletion>(name, marks, _format, areMarks: true));
        _marks[slice] = null;
    }

    /// <summary>Drops what was not handed over.</summary>
    public void Drop()
    {
        foreach (RowPages<TableSlot<TKey, Deletion>>? marks in _marks) marks?.Dispose();
        Array.Clear(_marks);
    }
}
