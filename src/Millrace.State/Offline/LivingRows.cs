using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>
/// Counts the values, elements and entries of states with a TTL that were over at their snapshot and had not been removed yet. Grows while rows are
/// read; one thread at a time.
/// </summary>
public sealed class ExpiredTally
{
    /// <summary>How many there were so far.</summary>
    public long Count { get; internal set; }
}

/// <summary>
/// Rows of a state as a program would have seen them at the snapshot: what was over by then and had not been removed is left out, rows and elements of lists
/// alike, unless it is asked for. Of state without a TTL every row. Used by one thread; owns the reader.
/// </summary>
/// <param name="rows">The rows as they are stored.</param>
/// <param name="from">The snapshot they are in.</param>
/// <param name="key">Only rows of this key, encoded; null for all.</param>
/// <param name="keepsExpired">Whether what is over stays.</param>
/// <param name="tally">Counts what is over; may be null.</param>
/// <param name="source">The snapshot, for errors.</param>
sealed class LivingRows(IRunReader rows, RestoredFrom from, byte[]? key, bool keepsExpired, ExpiredTally? tally, string source) : IRunReader
{
    readonly ByteBuffer _kept = new();
    readonly ValueSkipper.Skipper? _element = ElementOf(from.Written);
    Timestamp[] _stamps = [];
    bool _isChanged;

    /// <summary>The row without stamps.</summary>
    public RunRow Row => With(_isChanged ? _kept.Written : ValueOf(rows.Row));

    /// <summary>The row as it is stored: its value with the stamps of what is left of it.</summary>
    public RunRow StoredRow => _isChanged ? With(RowStamps.Append(_kept.Written, _stamps)) : rows.Row;

    /// <summary>When the value, or each element, of the row was last renewed; none where that was before there was event time. Empty for state without a TTL.</summary>
    public ReadOnlySpan<Timestamp> Stamps => _stamps;

    /// <summary>Opens the rows of a keyed state within a range.</summary>
    /// <exception cref="SnapshotCorruptException">A pack is missing, too short, or not the one the manifest names.</exception>
    public static async ValueTask<LivingRows> OpenAsync(
        SnapshotReader reader, string operatorId, string stateName, KeyRange range, byte[]? key, bool keepsExpired, ExpiredTally? tally, CancellationToken cancellationToken)
    {
        OperatorEntry owner = reader.Manifest.Operators.First(o => o.Id == operatorId);
        RestoredFrom from = new(reader.State(operatorId, stateName).Schema, Timestamp.FromDateTimeOffset(reader.Manifest.TakenAt), Timestamp.None, owner.Watermarks);
        return new(await reader.OpenStateAsync(operatorId, stateName, range, cancellationToken).ConfigureAwait(false), from, key, keepsExpired, tally, reader.Key);
    }

    /// <summary>Whether what was last renewed then was over at the snapshot.</summary>
    /// <param name="hash">The hash of its key.</param>
    /// <param name="stamp">When it was renewed.</param>
    public bool WasOver(uint hash, Timestamp stamp) => from.WasOver(hash, stamp);

    /// <inheritdoc/>
    public ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken) => rows.ReadBlockAsync(cancellationToken);

    /// <inheritdoc/>
    public bool MoveNext()
    {
        while (rows.MoveNext())
        {
            if (key is not null && !rows.Row.Key.SequenceEqual(key)) continue;
            if (from.Written.Ttl is null || Lives()) return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _kept.Dispose();
        return rows.DisposeAsync();
    }

    /// <summary>Whether anything of the row is left.</summary>
    bool Lives()
    {
        RunRow row = rows.Row;
        try
        {
            _isChanged = false;
            _stamps = RowStamps.Of(from.Written, row.Value);
            int over = 0;
            foreach (Timestamp stamp in _stamps)
            {
                if (from.WasOver(row.Hash, stamp)) over++;
            }

            if (tally is not null) tally.Count += over;
            if (over == 0 || keepsExpired) return true;
            if (over == _stamps.Length) return false;
            Shorten(row, over);
            return true;
        }
        catch (CorruptDataException e)
        {
            throw Damaged(row, e);
        }
    }

    /// <summary>Takes the elements out that are over.</summary>
    void Shorten(in RunRow row, int over)
    {
        ReadOnlySpan<byte> value = RowStamps.ValueOf(from.Written, row.Value);
        _kept.Clear();
        CodecWriter writer = new(_kept);
        writer.WriteCount(_stamps.Length - over);
        CodecReader elements = new(value);
        elements.ReadCount();
        Timestamp[] left = new Timestamp[_stamps.Length - over];
        int at = 0;
        foreach (Timestamp stamp in _stamps)
        {
            int start = elements.Position;
            _element!.Skip(ref elements);
            if (from.WasOver(row.Hash, stamp)) continue;
            writer.WriteRaw(value[start..elements.Position]);
            left[at++] = stamp;
        }

        elements.End();
        writer.Flush();
        _stamps = left;
        _isChanged = true;
    }

    ReadOnlySpan<byte> ValueOf(RunRow row)
    {
        try
        {
            return RowStamps.ValueOf(from.Written, row.Value);
        }
        catch (CorruptDataException e)
        {
            throw Damaged(row, e);
        }
    }

    RunRow With(ReadOnlySpan<byte> value)
    {
        RunRow row = rows.Row;
        return new() { Hash = row.Hash, IsDeleted = row.IsDeleted, Key = row.Key, Sub = row.Sub, Value = value };
    }

    SnapshotCorruptException Damaged(in RunRow row, CorruptDataException e) =>
        new(source, $"a row of state '{from.Written.Name}' with the hash {row.Hash:x8} is not what its schema says: {e.Message}", e);

    // Only rows of lists are shortened; the others live or not.
    static ValueSkipper.Skipper? ElementOf(StateSchema schema) => schema is { Ttl: not null, Kind: "list", Value.Root: SchemaType.List list }
        ? new ValueSkipper(schema.Value.Definitions.DistinctBy(static d => d.Name).ToDictionary(static d => d.Name, StringComparer.Ordinal)).Of(list.Element)
        : null;
}
