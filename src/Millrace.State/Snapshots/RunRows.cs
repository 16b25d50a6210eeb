namespace Millrace.State.Snapshots;

/// <summary>
/// Receives the rows of one run: the rows of one state of one task in one snapshot, in ascending order of hash. Used by one background
/// thread at a time; several runs of a pack are written side by side.
/// </summary>
public interface IRunWriter
{
    /// <summary>Whether <see cref="FlushAsync"/> should be awaited before more rows.</summary>
    bool NeedsFlush { get; }

    /// <summary>Adds a row.</summary>
    /// <param name="hash">The hash of the key; not less than that of the row before.</param>
    /// <param name="key">The encoded key (<c>Codec.OfKey</c>). Borrowed.</param>
    /// <param name="sub">What tells rows of one key apart: map key, chunk number, deadline, slice of time. Often empty. Borrowed.</param>
    /// <param name="value">The encoded value. Borrowed.</param>
    void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value);

    /// <summary>Adds rows, in order, until there are no more or <see cref="FlushAsync"/> should be awaited.</summary>
    /// <param name="rows">The hashes, and where keys, sub-keys and values lie. Borrowed.</param>
    /// <param name="bytes">What they lie in. Borrowed.</param>
    /// <returns>How many were added; the others are for the next call.</returns>
    int AddRows(ReadOnlySpan<PackedRow> rows, ReadOnlySpan<byte> bytes)
    {
        int added = 0;
        for (; added < rows.Length && !NeedsFlush; added++)
        {
            PackedRow row = rows[added];
            Add(row.Hash, bytes[row.Start..row.KeyEnd], bytes[row.KeyEnd..row.SubEnd], bytes[row.SubEnd..row.End]);
        }

        return added;
    }

    /// <summary>Adds the mark that a row was deleted since the run's base.</summary>
    void AddDeleted(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub);

    /// <summary>Sends full blocks on their way to the store; completes when there is room for more.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}

/// <summary>Where an encoded row lies: key, sub-key and value, one after the other.</summary>
/// <param name="Hash">The hash of the key.</param>
/// <param name="Start">Where the key begins.</param>
/// <param name="KeyEnd">Where the key ends and the sub-key begins.</param>
/// <param name="SubEnd">Where the sub-key ends and the value begins.</param>
/// <param name="End">Where the value ends.</param>
public readonly record struct PackedRow(uint Hash, int Start, int KeyEnd, int SubEnd, int End);

/// <summary>Reads the rows of one run within a range of hashes. Verified: what comes out is what was written. Used by one thread.</summary>
public interface IRunReader : IAsyncDisposable
{
    /// <summary>Reads and verifies the next block; false after the last one of the range.</summary>
    /// <exception cref="SnapshotCorruptException">The bytes are not what was written; the message names pack, operator and state.</exception>
    ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken);

    /// <summary>Moves to the next row of the block; false after the last. Rows outside the range are left out.</summary>
    bool MoveNext();

    /// <summary>The row. Valid until the next call.</summary>
    RunRow Row { get; }
}

/// <summary>One row of a run.</summary>
public readonly ref struct RunRow
{
    /// <summary>The hash of the key.</summary>
    public uint Hash { get; init; }

    /// <summary>Whether the row was deleted since the run's base; then there is no value.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>The encoded key.</summary>
    public ReadOnlySpan<byte> Key { get; init; }

    /// <summary>What tells rows of one key apart; often empty.</summary>
    public ReadOnlySpan<byte> Sub { get; init; }

    /// <summary>The encoded value.</summary>
    public ReadOnlySpan<byte> Value { get; init; }
}

/// <summary>Bytes of a snapshot are not what was written.</summary>
/// <param name="key">The object, as the manifest names it.</param>
/// <param name="what">What is wrong, with operator and state where known.</param>
/// <param name="cause">What showed it.</param>
public sealed class SnapshotCorruptException(string key, string what, Exception? cause = null) : Exception($"{key} is damaged: {what}", cause)
{
    /// <summary>The object.</summary>
    public string Key => key;

    /// <summary>What is wrong with it, as a sentence without its name and without a full stop.</summary>
    public string What => what;
}
