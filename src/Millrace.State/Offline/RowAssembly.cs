using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>
/// Makes of stored rows what people see: each row one, save that the chunks of a list become its elements, and that the entries of a map come in
/// the order of their insertion. Rows of one key come one after the other; those of one key are held. Used by one thread.
/// </summary>
/// <param name="columns">The state.</param>
/// <param name="place">The operator and state in words, for errors.</param>
/// <param name="source">What damage is reported of.</param>
sealed class RowAssembly(StateColumns columns, string place, string source)
{
    readonly List<(long Order, StateValue Sub, StateValue Value, StateValue[][] Times)> _held = [];
    byte[] _heldKey = [];
    StateValue? _key;

    /// <summary>Whether rows of one key are to be gathered.</summary>
    bool Gathers => columns.Form is RowForm.List or RowForm.Map;

    /// <summary>Takes the row at which a reader stands.</summary>
    /// <param name="rows">Borrowed.</param>
    /// <param name="into">Receives what is complete.</param>
    /// <exception cref="SnapshotCorruptException">The row is none of the state.</exception>
    public void Add(LivingRows rows, List<StateValue.Row> into)
    {
        RunRow row = rows.Row;
        if (!columns.HasTimeCells)
        {
            Add(row, [], into);
            return;
        }

        StateValue[][] times = new StateValue[rows.Stamps.Length][];
        for (int i = 0; i < times.Length; i++) times[i] = columns.TimeCells(rows.Stamps[i], rows.WasOver(row.Hash, rows.Stamps[i]));
        Add(row, times, into);
    }

    /// <summary>Takes a row.</summary>
    /// <param name="row">Borrowed.</param>
    /// <param name="times">The cells of its times, or of those of each element; empty where there are no columns for them.</param>
    /// <param name="into">Receives what is complete.</param>
    /// <exception cref="SnapshotCorruptException">The row is none of the state.</exception>
    public void Add(in RunRow row, StateValue[][] times, List<StateValue.Row> into)
    {
        try
        {
            if (!Gathers)
            {
                into.Add(RowOf(row, times));
                return;
            }

            if (_key is null || !row.Key.SequenceEqual(_heldKey)) Begin(row, into);
            Hold(row, times);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(source, $"a row of {place} with the hash {row.Hash:x8} is not what its schema says: {e.Message}", e);
        }
    }

    /// <summary>Gives what is left.</summary>
    public void End(List<StateValue.Row> into)
    {
        if (_key is null) return;
        _held.Sort(static (a, b) => a.Order.CompareTo(b.Order));
        if (columns.Form == RowForm.Map) foreach ((_, StateValue sub, StateValue value, StateValue[][] times) in _held) into.Add(Make([_key, sub, value, .. Of(times, 0)]));
        else AddElements(_key, into);
        _held.Clear();
        _key = null;
    }

    void Begin(in RunRow row, List<StateValue.Row> into)
    {
        End(into);
        _key = columns.Key!.Decode(row.Key);
        _heldKey = row.Key.ToArray();
    }

    void Hold(in RunRow row, StateValue[][] times)
    {
        StateValue sub = columns.Sub!.Decode(row.Sub), value = columns.Value.Decode(row.Value);
        if (columns.Form == RowForm.Map)
        {
            if (value is not StateValue.Row pair || pair.Values[0] is not StateValue.Scalar { Value: long order }) throw new CorruptDataException("An entry of a map has no place in it.", 0);
            _held.Add((order, sub, pair.Values[1], times));
            return;
        }

        int number = sub is StateValue.Scalar { Value: int chunk } ? chunk : throw new CorruptDataException("A chunk of a list has no number.", 0);
        // The elements after the last full chunk have the number -1.
        _held.Add((number < 0 ? long.MaxValue : number, sub, value, times));
    }

    void AddElements(StateValue key, List<StateValue.Row> into)
    {
        int index = 0;
        foreach ((_, _, StateValue chunk, StateValue[][] times) in _held)
        {
            IReadOnlyList<StateValue> elements = (chunk as StateValue.List)?.Items ?? [];
            for (int i = 0; i < elements.Count; i++) into.Add(Make([key, StateValue.Scalar.Of(index++), elements[i], .. Of(times, i)]));
        }
    }

    static StateValue[] Of(StateValue[][] times, int index) => times.Length == 0 ? [] : times[index];

    StateValue.Row RowOf(in RunRow row, StateValue[][] times) => columns.Form switch
    {
        RowForm.InFlight => Make(columns.Value.Decode(row.Value)),
        RowForm.Timer => Make(columns.Key!.Decode(row.Key), ((StateValue.Row)columns.Value.Decode(row.Value)).Values[0]),
        RowForm.TimerSet => Make(columns.Key!.Decode(row.Key), columns.Sub!.Decode(row.Sub)),
        _ when columns.Key is null => Make(columns.Value.Decode(row.Value)),
        _ when columns.Sub is null => Make([columns.Key.Decode(row.Key), columns.Value.Decode(row.Value), .. Of(times, 0)]),
        _ => Make([columns.Key.Decode(row.Key), columns.Sub.Decode(row.Sub), columns.Value.Decode(row.Value), .. Of(times, 0)]),
    };

    StateValue.Row Make(params ReadOnlySpan<StateValue> cells) => new(columns.Row.Names, cells.ToArray());

    /// <summary>An item of operator state as a row.</summary>
    /// <exception cref="SnapshotCorruptException">It is none of the state.</exception>
    public StateValue.Row RowOf(ItemEntry item)
    {
        try
        {
            StateValue watermark = item.Watermark.IsNone ? StateValue.Absent : StateValue.Scalar.Of(item.Watermark);
            return Make(StateValue.Scalar.Of(item.Subtask), columns.Value.Decode(item.Data.Span), StateValue.Scalar.Of(item.Text), watermark);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(source, $"an item of {place} is not what its schema says: {e.Message}", e);
        }
    }
}
