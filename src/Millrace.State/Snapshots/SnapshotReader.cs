using System.Runtime.CompilerServices;
using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>
/// A snapshot as tools and restores read it: from the store alone, without the program that wrote it. Everything is verified as it is read.
/// Thread-safe; packs are opened when they are first needed and their footers kept.
/// </summary>
public sealed class SnapshotReader
{
    readonly IObjectStore _store;
    readonly string _base;

    // Guards the packs that were opened.
    readonly Lock _gate = new();
    readonly Dictionary<int, PackReader> _packs = [];

    SnapshotReader(IObjectStore store, string key, byte[] bytes, SnapshotManifest manifest)
    {
        _store = store;
        Key = key;
        ManifestBytes = bytes;
        Manifest = manifest;
        _base = SnapshotKeys.BaseOf(key, manifest.Kind);
    }

    /// <summary>The key of the manifest in the store.</summary>
    public string Key { get; }

    /// <summary>The manifest.</summary>
    public SnapshotManifest Manifest { get; }

    /// <summary>The manifest as it is stored.</summary>
    public ReadOnlyMemory<byte> ManifestBytes { get; }

    /// <summary>Where the snapshot is.</summary>
    internal IObjectStore Store => _store;

    /// <summary>What the keys of its packs are relative to.</summary>
    internal string Base => _base;

    /// <summary>Opens a snapshot: one read.</summary>
    /// <param name="store">Borrowed for as long as the snapshot is read.</param>
    /// <param name="key">The key of its <c>_metadata</c>.</param>
    /// <param name="sha256">What the ledger says its hash is; null when nobody knows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ObjectMissingException">There is no such snapshot.</exception>
    /// <exception cref="SnapshotCorruptException">It is not what was written, read twice, or the key is not where a snapshot of its kind can be.</exception>
    /// <exception cref="NewerFormatException">It has a newer format.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public static async ValueTask<SnapshotReader> OpenAsync(IObjectStore store, string key, string? sha256, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenOnceAsync(store, key, sha256, cancellationToken).ConfigureAwait(false);
        }
        catch (SnapshotCorruptException)
        {
            // What was damaged on its way only is whole when it is read again. Taken for lost, it would be passed over by a start, and what it names be left for ever.
            return await OpenOnceAsync(store, key, sha256, cancellationToken).ConfigureAwait(false);
        }
    }

    static async ValueTask<SnapshotReader> OpenOnceAsync(IObjectStore store, string key, string? sha256, CancellationToken cancellationToken)
    {
        byte[] bytes = await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new ObjectMissingException(store.Address, key, "does not exist");
        if (sha256 is not null && ManifestJson.Sha256(bytes) != sha256)
        {
            throw new SnapshotCorruptException(key, $"its {bytes.Length} bytes have another hash than the ledger says");
        }

        SnapshotManifest manifest = ManifestJson.Read(bytes, key);
        try
        {
            return new SnapshotReader(store, key, bytes, manifest);
        }
        catch (ArgumentException e)
        {
            throw new SnapshotCorruptException(key, e.Message, e);
        }
    }

    /// <summary>Opens a pack, or takes the one that was opened before.</summary>
    /// <param name="pack">Its position in the manifest.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SnapshotCorruptException">It is missing, too short, or its footer is not the one the manifest names.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public async ValueTask<PackReader> OpenPackAsync(int pack, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_packs.TryGetValue(pack, out PackReader? open)) return open;
        }

        // Two callers may open it at once, which costs a read and nothing else.
        PackReader reader = await PackReader.OpenAsync(_store, _base, Manifest.Packs[pack], cancellationToken).ConfigureAwait(false);
        lock (_gate) return _packs[pack] = reader;
    }

    /// <summary>The entry of a state.</summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <exception cref="ArgumentException">The snapshot has no such state; the message lists those it has.</exception>
    public StateEntry State(string operatorId, string stateName) =>
        Manifest.Operators.FirstOrDefault(o => o.Id == operatorId)?.States.FirstOrDefault(s => s.Schema.Name == stateName)
        ?? throw new ArgumentException(
            $"Checkpoint {Manifest.Id} has no state '{stateName}' of operator '{operatorId}'. It has: "
            + string.Join(", ", Manifest.Operators.SelectMany(static o => o.States.Select(s => $"{o.Id}/{s.Schema.Name}"))), nameof(stateName));

    /// <summary>
    /// Opens the runs of a keyed state that have rows in a range, oldest first: what a restore feeds to <see cref="ISnapshotRows.Restore"/> in
    /// this order. Rows that later runs dropped by sub-key are left out; rows that later runs replace or delete are not.
    /// </summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="range">The rows wanted.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Readers to be disposed of by the caller.</returns>
    /// <exception cref="SnapshotCorruptException">A pack is missing, too short, or not the one the manifest names.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public async ValueTask<IReadOnlyList<IRunReader>> OpenRunsAsync(
        string operatorId, string stateName, KeyRange range, CancellationToken cancellationToken)
    {
        StateEntry state = State(operatorId, stateName);
        long[] bounds = DropRule.BoundsOf(state.Runs);
        List<IRunReader> readers = [];
        for (int i = 0; i < state.Runs.Count; i++)
        {
            RunEntry run = state.Runs[i];
            if (run.Range.Intersect(range).IsEmpty) continue;
            PackReader pack = await OpenPackAsync(run.Pack, cancellationToken).ConfigureAwait(false);
            readers.Add(pack.OpenRun(operatorId, state.Schema, run, range, bounds[i]));
        }

        return readers;
    }

    /// <summary>Opens a keyed state within a range as it was at the snapshot: every row once, with its newest value, none that was deleted.</summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="range">The rows wanted.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>To be disposed of by the caller. Rows ascend by hash, encoded key and encoded sub-key; memory holds the rows of one hash at a time.</returns>
    /// <exception cref="SnapshotCorruptException">A pack is missing, too short, or not the one the manifest names.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public async ValueTask<IRunReader> OpenStateAsync(string operatorId, string stateName, KeyRange range, CancellationToken cancellationToken) =>
        new MergedRunReader(await OpenRunsAsync(operatorId, stateName, range, cancellationToken).ConfigureAwait(false));

    /// <summary>The rows of <see cref="OpenStateAsync"/>, each copied: for tools.</summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="range">The rows wanted.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SnapshotCorruptException">Bytes are not what was written.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public async IAsyncEnumerable<SnapshotRow> ReadRowsAsync(
        string operatorId, string stateName, KeyRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IRunReader reader = await OpenStateAsync(operatorId, stateName, range, cancellationToken).ConfigureAwait(false);
        while (await reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            while (reader.MoveNext()) yield return SnapshotRow.Of(reader.Row);
        }
    }
}

/// <summary>A row of a state, copied out of a snapshot.</summary>
/// <param name="Hash">The hash of the key.</param>
/// <param name="Key">The encoded key.</param>
/// <param name="Sub">What tells rows of one key apart; often empty.</param>
/// <param name="Value">The encoded value.</param>
public sealed record SnapshotRow(uint Hash, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Sub, ReadOnlyMemory<byte> Value)
{
    internal static SnapshotRow Of(RunRow row) => new(row.Hash, row.Key.ToArray(), row.Sub.ToArray(), row.Value.ToArray());
}
