using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Expiry;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>Puts a row of a snapshot back into its table.</summary>
/// <param name="row">Borrowed.</param>
/// <exception cref="CorruptDataException">The bytes are not a row of the state.</exception>
public delegate void RestoreRow(in RunRow row);

/// <summary>One keyed state of one task as snapshots see it: the tables it is in, and the chains of its runs. Owned by one task; not thread-safe.</summary>
public sealed class KeyedRows : ISnapshotRows
{
    readonly EpochClock _clock;
    readonly CapturedTables[] _tables;
    RestoreRow _restore;
    readonly Action? _onRestored;
    readonly IBlockRestorer? _blocks;
    readonly RunChains _chains = new();
    IStampedRows? _stamped;     // Where restored rows go when the state has a TTL, or had one when it was written.
    CutPlan? _plan;
    uint _epoch;
    long _droppedBelow;
    int _next;

    internal KeyedRows(StateSchema schema, EpochClock clock, CapturedTables[] tables, RestoreRow restore, Action? onRestored = null, IBlockRestorer? blocks = null)
    {
        Schema = schema;
        _clock = clock;
        _tables = tables;
        _restore = restore;
        _onRestored = onRestored;
        _blocks = blocks;
    }

    /// <summary>The rows of a state with a TTL.</summary>
    internal KeyedRows(StateSchema schema, EpochClock clock, CapturedTables[] tables, IStampedRows rows)
        : this(schema, clock, tables, rows.Restore) => _stamped = rows;

    /// <summary>Makes where the rows go of a snapshot in which the state had a TTL; null for what never has one.</summary>
    internal Func<IStampedRows>? FormerlyStamped { get; init; }

    /// <summary>Makes what puts back rows that were written with some schema. Without it there is another way of doing so.</summary>
    internal Func<StateSchema, RestoreRow>? RestoreOf { get; init; }

    /// <inheritdoc/>
    public StateSchema Schema { get; }

    /// <inheritdoc/>
    public long Expired => _stamped?.Expired ?? 0;

    /// <summary>One value per key, in one table.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="kind">For people and tools.</param>
    /// <param name="table">The table.</param>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    public static KeyedRows OfTable<TKey, TValue, TOps>(string name, string kind, StateTable<TKey, TValue, TOps> table)
        where TOps : struct, IKeyOps<TKey> => OfTable(name, kind, table, ValueFormat<TValue>.Of());

    internal static KeyedRows OfTable<TKey, TValue, TOps>(string name, string kind, StateTable<TKey, TValue, TOps> table, ValueFormat<TValue> format)
        where TOps : struct, IKeyOps<TKey>
    {
        Codec<TKey> keys = Codec.OfKey<TKey>();
        CapturedTables<TKey, TValue, TOps> rows = new(name, new OneTable<TKey, TValue, TOps>(table), new ValueRowFormat<TKey, TValue>(format));
        StateSchema schema = new() { Name = name, Layout = StateLayout.Keyed, Kind = kind, Key = keys.Schema, Value = format.Schema };
        TableRestorer<TKey, TValue, TOps> restorer = new(table, keys, format);
        return new(schema, table.Clock, [rows], restorer.Restore, restorer.End, restorer)
        {
            FormerlyStamped = () => FormerRows.OfTable(name, format, table),
        };
    }

    /// <summary>One value per key and slice of time, in a table per slice.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="kind">The windows in words: state of other windows is not theirs.</param>
    /// <param name="clock">The clock of all tables of the set.</param>
    /// <param name="tables">The tables; tags are the first ticks of the slices.</param>
    /// <param name="tableOf">Finds or makes the table of a slice.</param>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    public static KeyedRows OfWindows<TKey, TValue, TOps>(
        string name, string kind, EpochClock clock, ITableSet<TKey, TValue, TOps> tables, Func<long, StateTable<TKey, TValue, TOps>> tableOf)
        where TOps : struct, IKeyOps<TKey>
    {
        ValueFormat<TValue> format = ValueFormat<TValue>.Of();
        Codec<TKey> keys = Codec.OfKey<TKey>();
        CapturedTables<TKey, TValue, TOps> rows = new(name, tables, new TaggedRowFormat<TKey, TValue>(format));
        StateSchema schema = new()
        {
            Name = name, Layout = StateLayout.Keyed, Kind = kind, Key = keys.Schema, Sub = OrderedNumber.Schema, Value = format.Schema,
        };
        return new(schema, clock, [rows], RestoreWith(keys, format))
        {
            RestoreOf = written => RestoreWith(keys.ReadingFrom(written.Key!, SchemaUse.Key), format.ReadingFrom(written.Value)),
        };

        RestoreRow RestoreWith(Codec<TKey> keys, ValueFormat<TValue> format) => (in row) =>
        {
            TKey key = RowReader.Key<TKey, TOps>(row, keys);
            long first = OrderedNumber.Read(row.Sub);
            if (row.IsDeleted) throw new CorruptDataException("A row of a window is marked as deleted, which windows never are one by one.", 0);
            tableOf(first).GetOrAdd(row.Hash, key, out _) = RowReader.Value(row, format);
        };
    }

    /// <inheritdoc/>
    public void Own(KeyRange owned)
    {
        foreach (CapturedTables tables in _tables) tables.Own(owned);
    }

    /// <inheritdoc/>
    public void Begin(in RowsCut cut)
    {
        Drop();
        _stamped?.OnCut();
        long rows = 0, bytes = 0;
        uint knownSince = 0;
        foreach (CapturedTables tables in _tables)
        {
            tables.Collect();
            rows += tables.Rows;
            bytes += tables.Bytes;
            knownSince = Math.Max(knownSince, tables.DeletionsKnownSince);
        }

        bool isSmall = rows < TableLimits.WholeRowsMax || bytes < TableLimits.WholeBytesMax;
        _epoch = _clock.Now;
        _plan = _chains.Plan(cut, _epoch, isSmall, knownSince);
        _droppedBelow = _tables[0].DroppedBelow;
        foreach (SlicePlan slice in _plan.Slices) slice.HasChanged |= _tables[0].LastDropped > slice.Newest;
        _clock.Advance();
        foreach (CapturedTables tables in _tables) tables.Begin(_plan);
    }

    /// <inheritdoc/>
    public bool Capture(ref int rows)
    {
        Invariant.That(_plan is not null, "rows are captured after the cut and before they are handed over");
        for (; _next < _tables.Length; _next++)
        {
            if (!_tables[_next].Capture(ref rows)) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<CapturedRun> Take()
    {
        Invariant.That(_plan is not null && _next == _tables.Length, "rows are handed over once, when all are captured");
        CutPlan plan = _plan;
        List<CapturedRun> runs = [];
        Span<bool> isWritten = stackalloc bool[plan.Slices.Length];
        for (int i = 0; i < plan.Slices.Length; i++)
        {
            if (!plan.Slices[i].HasChanged && !plan.Slices[i].IsWanted) continue;
            runs.Add(RunOf(i, plan.Slices[i]));
            isWritten[i] = true;
        }

        _chains.OnTaken(plan, _epoch, isWritten);
        Drop();
        return runs;
    }

    /// <inheritdoc/>
    /// <exception cref="IncompatibleSchemaException">What was written cannot be read as the types of the state.</exception>
    public void BeginRestore(RestoredFrom from)
    {
        if (from.Written.Ttl is not null && _stamped is null) _stamped = FormerlyStamped?.Invoke();
        if (_stamped is not null)
        {
            _stamped.BeginRestore(from);
            return;
        }

        _blocks?.ReadFrom(from.Written);
        if (RestoreOf is not null) _restore = RestoreOf(from.Written);
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row)
    {
        if (_stamped is null) _restore(row);
        else _stamped.Restore(row);
    }

    /// <inheritdoc/>
    public void Expect(long rows) => _blocks?.Expect(rows);

    /// <inheritdoc/>
    public void RestoreBlock(IRunReader run)
    {
        if (_blocks is not null && _stamped is null) _blocks.Restore(run);
        else while (run.MoveNext()) Restore(run.Row);
    }

    /// <inheritdoc/>
    public void OnRestored()
    {
        _chains.Forget();
        _stamped?.OnRestored();
        _onRestored?.Invoke();
    }

    TableRun RunOf(int index, SlicePlan slice)
    {
        List<RunPart> parts = [];
        foreach (CapturedTables tables in _tables) tables.Take(index, parts);
        return new([.. parts])
        {
            Range = slice.Range, IsFull = slice.IsFull, Base = slice.Base, DroppedBelow = slice.IsFull ? long.MinValue : _droppedBelow,
        };
    }

    void Drop()
    {
        if (_plan is null) return;
        foreach (CapturedTables tables in _tables) tables.Drop();
        _plan = null;
        _next = 0;
    }
}

/// <summary>Reads rows of snapshots.</summary>
static class RowReader
{
    /// <summary>Reads the key of a row.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a key, or not the one of the row's hash.</exception>
    public static TKey Key<TKey, TOps>(in RunRow row, Codec<TKey> codec) where TOps : struct, IKeyOps<TKey>
    {
        CodecReader reader = new(row.Key);
        TKey key = codec.Read(ref reader);
        reader.End();
        if (key is null || default(TOps).Hash(key) != row.Hash) throw new CorruptDataException("The hash of a row is not that of its key.", 0);
        return key;
    }

    /// <summary>Reads the key of a row as its own codec wrote it, inline where the type is common.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a key, or not the one of the row's hash.</exception>
    public static TKey OwnKey<TKey, TOps>(in RunRow row, Codec<TKey> codec) where TOps : struct, IKeyOps<TKey>
    {
        CodecReader reader = new(row.Key);
        TKey key = RowScalars.Read(ref reader, codec);
        reader.End();
        if (key is null || default(TOps).Hash(key) != row.Hash) throw new CorruptDataException("The hash of a row is not that of its key.", 0);
        return key;
    }

    /// <summary>Reads the value of a row.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a value.</exception>
    public static TValue Value<TValue>(in RunRow row, ValueFormat<TValue> format)
    {
        CodecReader reader = new(row.Value);
        TValue value = format.Read(ref reader);
        reader.End();
        return value;
    }

    /// <summary>Reads all of some bytes.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a value.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes, Codec<T> codec)
    {
        CodecReader reader = new(bytes);
        T value = codec.Read(ref reader);
        reader.End();
        return value;
    }
}
