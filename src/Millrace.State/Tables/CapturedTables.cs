namespace Millrace.State.Tables;

/// <summary>The tables that the rows of one kind of one state are in: one, or one per slice of time. Owned by one task; not thread-safe.</summary>
/// <typeparam name="TKey">The key of the tables.</typeparam>
/// <typeparam name="TValue">The value of the tables.</typeparam>
/// <typeparam name="TOps">The operations of keys.</typeparam>
public interface ITableSet<TKey, TValue, TOps> where TOps : struct, IKeyOps<TKey>
{
    /// <summary>Tells which hashes the keys have, before the first row.</summary>
    void Own(KeyRange owned);

    /// <summary>Lists the tables in use, each with the number that tells its rows from those of the same keys in others.</summary>
    void AddTo(List<(StateTable<TKey, TValue, TOps> Table, long Tag)> tables);

    /// <summary>Rows of tables with a lesser tag are void; <see cref="long.MinValue"/> for none.</summary>
    long DroppedBelow => long.MinValue;

    /// <summary>The epoch in which a table with rows was last dropped; zero for never.</summary>
    uint LastDropped => 0;

    /// <summary>A table is not needed by the capture any more.</summary>
    void OnCaptured(StateTable<TKey, TValue, TOps> table)
    {
    }
}

/// <summary>One kind of rows of a state, as a capture goes through them.</summary>
abstract class CapturedTables
{
    /// <summary>Tells which hashes the task owns, before the first row.</summary>
    public abstract void Own(KeyRange owned);

    /// <summary>Collects the tables.</summary>
    public abstract void Collect();

    /// <summary>How many rows the tables had when they were collected.</summary>
    public abstract long Rows { get; }

    /// <summary>How many bytes the rows take in a table.</summary>
    public abstract long Bytes { get; }

    /// <summary>Snapshots of earlier epochs cannot be built on.</summary>
    public abstract uint DeletionsKnownSince { get; }

    /// <summary>Rows of tables with a lesser tag are void.</summary>
    public virtual long DroppedBelow => long.MinValue;

    /// <summary>The epoch in which a table with rows was last dropped.</summary>
    public virtual uint LastDropped => 0;

    /// <summary>Begins a capture of the collected tables; the clock has been advanced.</summary>
    public abstract void Begin(CutPlan plan);

    /// <summary>Copies more rows.</summary>
    public abstract bool Capture(ref int slots);

    /// <summary>Hands over what was copied of a slice: marks first, then rows.</summary>
    public abstract void Take(int slice, List<RunPart> into);

    /// <summary>Ends a capture and drops what was copied and not handed over.</summary>
    public abstract void Drop();
}

/// <summary>The tables of a set, none of whose rows are removed one by one unless it is <see cref="OneTable{TKey, TValue, TOps}"/>.</summary>
sealed class CapturedTables<TKey, TValue, TOps>(string name, ITableSet<TKey, TValue, TOps> set, RowFormat<TKey, TValue> format) : CapturedTables
    where TOps : struct, IKeyOps<TKey>
{
    readonly RowKeeper<TKey, TValue> _keeper = new(name, format, isForMarks: false);
    readonly RowKeeper<TKey, Deletion> _markKeeper = new(name, new MarkFormat<TKey, TValue>(format), isForMarks: true);
    readonly List<(StateTable<TKey, TValue, TOps> Table, long Tag)> _tables = [];
    readonly List<StateTable<TKey, Deletion, TOps>> _marks = [];
    uint _deletionsKnownSince;
    long _rows;
    int _next;
    int _nextMarks;

    public override long Rows => _rows;

    public override long Bytes => _rows * StateTable<TKey, TValue, TOps>.SlotBytes;

    public override uint DeletionsKnownSince => _deletionsKnownSince;

    public override long DroppedBelow => set.DroppedBelow;

    public override uint LastDropped => set.LastDropped;

    public override void Own(KeyRange owned)
    {
        // Where the hash of a row is not that of its key, rows are in no order that a run could have.
        if (format.HasKeyHash) set.Own(owned);
    }

    public override void Collect()
    {
        _tables.Clear();
        set.AddTo(_tables);
        _rows = 0;
        _deletionsKnownSince = 0;
        foreach ((StateTable<TKey, TValue, TOps> table, _) in _tables)
        {
            _rows += table.Count;
            if (set is not OneTable<TKey, TValue, TOps>) continue;
            table.MarkDeletions();
            _deletionsKnownSince = table.DeletionsKnownSince;
        }
    }

    public override void Begin(CutPlan plan)
    {
        _keeper.Begin(plan, _rows);
        _marks.Clear();
        _next = _nextMarks = 0;
        foreach ((StateTable<TKey, TValue, TOps> table, long tag) in _tables)
        {
            if (table.Marks is { } marks)
            {
                _markKeeper.Begin(plan, marks.Count);
                marks.BeginCapture(_markKeeper, tag);
                _marks.Add(marks);
            }

            table.BeginCapture(_keeper, tag);
        }
    }

    public override bool Capture(ref int slots)
    {
        for (; _nextMarks < _marks.Count; _nextMarks++)
        {
            if (!_marks[_nextMarks].CaptureNext(ref slots)) return false;
        }

        for (; _next < _tables.Count; _next++)
        {
            if (!_tables[_next].Table.CaptureNext(ref slots)) return false;
            set.OnCaptured(_tables[_next].Table);
        }

        return true;
    }

    public override void Take(int slice, List<RunPart> into)
    {
        _markKeeper.Take(slice, into);
        _keeper.Take(slice, into);
    }

    public override void Drop()
    {
        foreach (StateTable<TKey, Deletion, TOps> marks in _marks) marks.EndCapture();
        for (; _next < _tables.Count; _next++)
        {
            _tables[_next].Table.EndCapture();
            set.OnCaptured(_tables[_next].Table);
        }

        _keeper.Drop();
        _markKeeper.Drop();
    }
}

/// <summary>A set of one table, whose removed rows leave marks.</summary>
sealed class OneTable<TKey, TValue, TOps>(StateTable<TKey, TValue, TOps> table) : ITableSet<TKey, TValue, TOps> where TOps : struct, IKeyOps<TKey>
{
    public void Own(KeyRange owned) => table.Own(owned);

    public void AddTo(List<(StateTable<TKey, TValue, TOps> Table, long Tag)> tables) => tables.Add((table, 0));
}
