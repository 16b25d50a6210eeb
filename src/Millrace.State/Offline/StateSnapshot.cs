using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.State.Offline;

/// <summary>Which rows of a state are wanted.</summary>
public sealed record StateQuery
{
    /// <summary>All rows.</summary>
    public static StateQuery All { get; } = new();

    /// <summary>Only those of this key, of which nothing else is read; null for all keys.</summary>
    public StateValue? Key { get; init; }

    /// <summary>Only those whose keys have their hash in this slice of the hash space, of which nothing else is read. The default is all of it.</summary>
    /// <value>Slices that are read side by side, <see cref="KeyRange.Of"/>, give every row once.</value>
    public KeyRange Range { get; init; } = KeyRange.Full;

    /// <summary>Only those that fit; null for all.</summary>
    public StatePredicate? Where { get; init; }

    /// <summary>Told how far reading has come; may be null.</summary>
    public IProgress<StateProgress>? Progress { get; init; }
}

/// <summary>How far the reading of a state has come.</summary>
/// <param name="Rows">Stored rows read, whether they are wanted or not.</param>
/// <param name="Share">The part of the hash space behind it: 0 to 1. Hashes are evenly spread, so it is about the part of the rows.</param>
public readonly record struct StateProgress(long Rows, double Share);

/// <summary>
/// The state in a snapshot, read from the store alone: no program, no types. Only what a query needs is read; memory holds the rows of one key and a few
/// megabytes. Thread-safe; queries may run side by side.
/// </summary>
public sealed class StateSnapshot : IAsyncDisposable
{
    readonly IObjectStore? _owned;

    /// <summary>Takes a snapshot that is open.</summary>
    /// <param name="reader">Borrowed, and the store with it.</param>
    public StateSnapshot(SnapshotReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Reader = reader;
    }

    StateSnapshot(SnapshotReader reader, IObjectStore owned)
        : this(reader) => _owned = owned;

    /// <summary>The snapshot.</summary>
    public SnapshotReader Reader { get; }

    /// <summary>What it says of itself.</summary>
    public SnapshotManifest Manifest => Reader.Manifest;

    /// <summary>Opens the snapshot in a folder.</summary>
    /// <param name="stores">Opens stores.</param>
    /// <param name="address">The folder of a savepoint or checkpoint, or the <c>_metadata</c> in it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="ObjectMissingException">There is no snapshot.</exception>
    /// <exception cref="SnapshotCorruptException">It is not what was written.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public static async ValueTask<StateSnapshot> OpenAsync(ObjectStores stores, string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stores);
        (string root, string key) = SnapshotKeys.Locate(StoreAddress.Parse(address).ToString());
        IObjectStore store = await stores.OpenAsync(StoreAddress.Parse(root), cancellationToken).ConfigureAwait(false);
        try
        {
            return new(await SnapshotReader.OpenAsync(store, key, null, cancellationToken).ConfigureAwait(false), store);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The columns of a state.</summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <exception cref="ArgumentException">The snapshot has no such state; the message lists those it has.</exception>
    /// <exception cref="SnapshotCorruptException">Its schema is contradictory.</exception>
    public StateColumns Columns(string operatorId, string stateName)
    {
        StateEntry state = Reader.State(operatorId, stateName);
        try
        {
            return StateColumns.Of(state.Schema);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(Reader.Key, $"state '{stateName}' of operator '{operatorId}': {e.Message}", e);
        }
    }

    /// <summary>
    /// The rows of a state as they were at the snapshot, under the columns of <see cref="Columns"/>: in the order of the hashes of their keys, rows of one key
    /// together. Verified as they are read.
    /// </summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="query">Which rows; null for all.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">The snapshot has no such state, or the state has no keys and one was asked for.</exception>
    /// <exception cref="SnapshotCorruptException">Bytes are not what was written, or a file is missing.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public async IAsyncEnumerable<StateValue.Row> ReadAsync(
        string operatorId, string stateName, StateQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StateEntry state = Reader.State(operatorId, stateName);
        StateColumns columns = Columns(operatorId, stateName);
        query ??= StateQuery.All;
        RowAssembly assembly = new(columns, $"state '{stateName}' of operator '{operatorId}'", Reader.Key);
        if (columns.Form == RowForm.Items)
        {
            if (query.Key is not null) throw new ArgumentException($"State '{stateName}' of operator '{operatorId}' has no keys; it is read whole.", nameof(query));
            foreach (ItemEntry item in state.Items)
            {
                StateValue.Row row = assembly.RowOf(item);
                if (query.Where?.Fits(row) != false) yield return row;
            }

            yield break;
        }

        (KeyRange range, byte[]? key) = Wanted(columns, query, stateName);
        List<StateValue.Row> ready = [];
        await using IRunReader reader = await Reader.OpenValuesAsync(operatorId, stateName, range, cancellationToken).ConfigureAwait(false);
        long rows = 0;
        while (await reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            uint last = 0;
            while (reader.MoveNext())
            {
                rows++;
                last = reader.Row.Hash;
                if (key is null || reader.Row.Key.SequenceEqual(key)) assembly.Add(reader.Row, ready);
                foreach (StateValue.Row row in ready)
                    if (query.Where?.Fits(row) != false) yield return row;
                ready.Clear();
            }

            query.Progress?.Report(new(rows, range.Size == 0 ? 1 : (last + 1L - range.Start) / (double)range.Size));
        }

        assembly.End(ready);
        foreach (StateValue.Row row in ready)
            if (query.Where?.Fits(row) != false) yield return row;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owned?.DisposeAsync() ?? ValueTask.CompletedTask;

    static (KeyRange Range, byte[]? Key) Wanted(StateColumns columns, StateQuery query, string stateName)
    {
        if (query.Key is null) return (query.Range, null);
        if (columns.Key is null) throw new ArgumentException($"State '{stateName}' has no keys; it is read whole.", nameof(query));
        uint hash = columns.Key.Hash(query.Key);
        return (query.Range.Intersect(new KeyRange(hash, hash + 1L)), columns.Key.EncodeKey(query.Key));
    }
}
