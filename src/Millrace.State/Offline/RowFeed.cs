using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>
/// The rows of one state one after the other, for comparison; all chunks of a list together. Used by one thread; owns the reader.
/// </summary>
/// <param name="reader">The rows, in order.</param>
/// <param name="columns">The state.</param>
/// <param name="source">What damage is reported of.</param>
sealed class RowFeed(IRunReader reader, StateColumns columns, string source) : IAsyncDisposable
{
    readonly List<SnapshotRow> _chunks = [];
    bool _isAhead;

    /// <summary>Whether there is a row.</summary>
    public bool HasRow { get; private set; }

    /// <summary>The hash of its key.</summary>
    public uint Hash => IsList ? _chunks[0].Hash : reader.Row.Hash;

    public StateValue Key => columns.Key is null ? StateValue.Absent : Decode(columns.Key, KeyBytes);

    public StateValue Sub => columns.Sub is null || IsList ? StateValue.Absent : Decode(columns.Sub, reader.Row.Sub);

    /// <summary>What people see of its value.</summary>
    public StateValue Value => columns.Form switch
    {
        RowForm.List => Elements(),
        RowForm.Map => ((StateValue.Row)Decode(columns.Value, reader.Row.Value)).Values[1],
        RowForm.Timer => ((StateValue.Row)Decode(columns.Value, reader.Row.Value)).Values[0],
        RowForm.TimerSet => StateValue.Absent,
        _ => Decode(columns.Value, reader.Row.Value),
    };

    bool IsList => columns.Form == RowForm.List;

    ReadOnlySpan<byte> KeyBytes => IsList ? _chunks[0].Key.Span : reader.Row.Key;

    /// <summary>Moves to the next row.</summary>
    public async ValueTask NextAsync(CancellationToken cancellationToken)
    {
        if (!IsList)
        {
            HasRow = await MoveAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        _chunks.Clear();
        if (!_isAhead) _isAhead = await MoveAsync(cancellationToken).ConfigureAwait(false);
        HasRow = _isAhead;
        while (_isAhead && (_chunks.Count == 0 || IsOfSameKey()))
        {
            _chunks.Add(SnapshotRow.Of(reader.Row));
            _isAhead = await MoveAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Which of two rows comes first; a row before none.</summary>
    public int CompareTo(RowFeed other)
    {
        if (!HasRow || !other.HasRow) return HasRow ? -1 : 1;
        int order = Hash.CompareTo(other.Hash);
        if (order == 0) order = KeyBytes.SequenceCompareTo(other.KeyBytes);
        return order != 0 || IsList ? order : reader.Row.Sub.SequenceCompareTo(other.SubBytes);
    }

    /// <summary>Whether a condition holds for it, or for one of the elements of a list.</summary>
    public bool Fits(StatePredicate where) => Assembled().Exists(where.Fits);

    /// <summary>Whether the bytes of two values are equal, and mean the same.</summary>
    public bool HasSameValue(RowFeed other)
    {
        if (columns.Schema.Value.Text != other.Schema.Text) return false;
        if (!IsList) return reader.Row.Value.SequenceEqual(other.ValueBytes);
        return _chunks.Count == other._chunks.Count
            && _chunks.Zip(other._chunks).All(static c => c.First.Sub.Span.SequenceEqual(c.Second.Sub.Span) && c.First.Value.Span.SequenceEqual(c.Second.Value.Span));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => reader.DisposeAsync();

    TypeSchema Schema => columns.Schema.Value;

    ReadOnlySpan<byte> SubBytes => reader.Row.Sub;

    ReadOnlySpan<byte> ValueBytes => reader.Row.Value;

    async ValueTask<bool> MoveAsync(CancellationToken cancellationToken)
    {
        while (!reader.MoveNext())
        {
            if (!await reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false)) return false;
        }

        return true;
    }

    bool IsOfSameKey() => reader.Row.Hash == _chunks[0].Hash && reader.Row.Key.SequenceEqual(_chunks[0].Key.Span);

    StateValue.List Elements() => new([.. Assembled().Select(static r => r["value"])]);

    /// <summary>The rows that people see of it.</summary>
    List<StateValue.Row> Assembled()
    {
        RowAssembly assembly = new(columns, $"state '{columns.Schema.Name}'", source);
        List<StateValue.Row> rows = [];
        if (!IsList) assembly.Add(reader.Row, [], rows);
        foreach (SnapshotRow chunk in _chunks) assembly.Add(new RunRow { Hash = chunk.Hash, Key = chunk.Key.Span, Sub = chunk.Sub.Span, Value = chunk.Value.Span }, [], rows);
        assembly.End(rows);
        return rows;
    }

    StateValue Decode(ValueSchema schema, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return schema.Decode(bytes);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(source, $"a row of state '{columns.Schema.Name}' is not what its schema says: {e.Message}", e);
        }
    }
}
