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

    /// <summary>
    /// Whether what was over at the snapshot by its TTL, and had not been removed yet, is shown as well, with a column <c>isExpired</c> that tells it from the rest.
    /// The default is no: what is over has no place in the answer, as in the program.
    /// </summary>
    public bool WithExpired { get; init; }

    /// <summary>Whether rows of state with a TTL have the columns <c>renewed</c> and <c>expires</c>. The default is no.</summary>
    public bool WithTimes { get; init; }

    /// <summary>Counts what was over, whether it is shown or left out; may be null.</summary>
    public ExpiredTally? Expired { get; init; }

    /// <summary>Told how far reading has come; may be null.</summary>
    public IProgress<StateProgress>? Progress { get; init; }
}

/// <summary>How far the reading of a state has come.</summary>
/// <param name="Rows">Stored rows read that were not over, whether they are wanted or not.</param>
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
    /// <param name="query">The query that rows are to answer, which may ask for columns besides; null for none. A condition made for fewer columns fits more.</param>
    /// <exception cref="ArgumentException">The snapshot has no such state; the message lists those it has. Or the query asks for the times of a state without a TTL.</exception>
    /// <exception cref="SnapshotCorruptException">Its schema is contradictory.</exception>
    public StateColumns Columns(string operatorId, string stateName, StateQuery? query = null)
    {
        StateEntry state = Reader.State(operatorId, stateName);
        query ??= StateQuery.All;
        if (query.WithTimes && state.Schema.Ttl is null) throw new ArgumentException($"State '{stateName}' of operator '{operatorId}' has no TTL, and so no times.", nameof(query));
        try
        {
            return StateColumns.Of(state.Schema, query.WithTimes, query.WithExpired);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(Reader.Key, $"state '{stateName}' of operator '{operatorId}': {e.Message}", e);
        }
    }

    /// <summary>
    /// The rows of a state as a program would have seen them at the snapshot, under the columns of <see cref="Columns"/> for the query: in the order of the hashes of
    /// their keys, rows of one key together. Verified as they are read. What was over by then is left out unless the query asks for it: in event time by the watermark of
    /// the instance that had the key, on the clock by the time of the snapshot.
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
        query ??= StateQuery.All;
        StateColumns columns = Columns(operatorId, stateName, query);
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

        (KeyRange range, byte[]? key) = Wanted(columns, query.Key, query.Range, stateName);
        List<StateValue.Row> ready = [];
        await using LivingRows reader = await LivingRows.OpenAsync(Reader, operatorId, stateName, range, key, query.WithExpired, query.Expired, cancellationToken).ConfigureAwait(false);
        long rows = 0;
        while (await reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            uint last = 0;
            while (reader.MoveNext())
            {
                rows++;
                last = reader.Row.Hash;
                assembly.Add(reader, ready);
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

    /// <summary>The slice of the hash space to read, and the key in it; null for all its keys.</summary>
    /// <exception cref="ArgumentException">The state has no keys, and one was asked for.</exception>
    internal static (KeyRange Range, byte[]? Key) Wanted(StateColumns columns, StateValue? key, KeyRange range, string stateName)
    {
        if (key is null) return (range, null);
        if (columns.Key is null) throw new ArgumentException($"State '{stateName}' has no keys; it is read whole.", nameof(key));
        uint hash = columns.Key.Hash(key);
        return (range.Intersect(new KeyRange(hash, hash + 1L)), columns.Key.EncodeKey(key));
    }
}
