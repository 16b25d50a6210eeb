using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>
/// Writes the packs of one worker for one snapshot: usually one, more when it grows beyond <see cref="PackOptions.PackBytes"/>, none when no run
/// has a row. Runs may be begun and written side by side, each by one thread. Memory is bounded: about a megabyte per pack and a few
/// blocks per run, as long as runs are flushed when they ask for it.
/// <code>
/// BeginRun … -> Add … FlushAsync … -> RunWriter.CompleteAsync, for every run -> CompleteAsync -> DisposeAsync
/// </code>
/// After a failure nothing but <see cref="DisposeAsync"/> may follow; it leaves no object.
/// </summary>
public sealed class PackWriter : IAsyncDisposable
{
    readonly IObjectStore _store;
    readonly string _folder;
    readonly PackOrigin _origin;
    readonly PackOptions _options;

    // Guards the list of packs and appends to them, across awaits.
    readonly SemaphoreSlim _gate = new(1, 1);
    readonly List<PackFile> _files = [];
    int _begun, _completed;
    bool _isEnded;

    /// <summary>Prepares for packs. Nothing is sent before there is a block.</summary>
    /// <param name="store">Borrowed.</param>
    /// <param name="folder">What keys of packs are relative to, in the store: a prefix, empty or ending in <c>/</c>.</param>
    /// <param name="origin">The name that nobody else's packs have.</param>
    /// <param name="options">How to write; null for the defaults.</param>
    /// <exception cref="ArgumentException">The folder or the nonce cannot be part of a key, or an option is out of its range.</exception>
    public PackWriter(IObjectStore store, string folder, PackOrigin origin, PackOptions? options = null)
    {
        _options = options ?? new PackOptions();
        _options.Validate();
        string first = folder + SnapshotKeys.Pack(origin, 0);
        if (!SnapshotKeys.IsKey(first)) throw new ArgumentException($"'{first}' cannot be the key of a pack.", nameof(folder));
        _store = store;
        _folder = folder;
        _origin = origin;
    }

    /// <summary>Begins a run. Any thread.</summary>
    /// <param name="run">What it is.</param>
    /// <returns>Its writer, for one thread at a time; the caller completes and disposes of it.</returns>
    /// <exception cref="InvariantBrokenException">The description contradicts itself.</exception>
    public RunWriter BeginRun(RunDescription run)
    {
        run.Validate();
        Invariant.That(run.Snapshot == _origin.Snapshot, "runs are of the snapshot their pack is written for");
        Invariant.That(!Volatile.Read(ref _isEnded), "no run is begun after the packs were completed");
        Interlocked.Increment(ref _begun);
        return new RunWriter(this, run, _options);
    }

    /// <summary>Makes the packs visible and durable, once every run is completed.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The packs, in the order that runs count them; empty when no run has a row.</returns>
    /// <exception cref="ObjectExistsException">Somebody else has written a pack of the name.</exception>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    public async ValueTask<IReadOnlyList<PackEntry>> CompleteAsync(CancellationToken cancellationToken)
    {
        Invariant.That(!_isEnded, "packs are completed once");
        Invariant.That(Volatile.Read(ref _begun) == Volatile.Read(ref _completed), "every run of a pack is completed before the pack");
        Volatile.Write(ref _isEnded, true);
        List<PackEntry> packs = [];
        foreach (PackFile file in _files) packs.Add(await file.CompleteAsync(_origin, cancellationToken).ConfigureAwait(false));
        return packs;
    }

    /// <summary>Gives everything back. Without <see cref="CompleteAsync"/> before, no object is left. No run may be in use any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isEnded, true);
        foreach (PackFile file in _files) await file.DisposeAsync().ConfigureAwait(false);
        _files.Clear();
        _gate.Dispose();
    }

    /// <summary>Gives a run that has its first block a place: in the newest pack, or in a new one when that has grown too large.</summary>
    internal async ValueTask<PackRun> PlaceAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_files.Count == 0 || _files[^1].Length >= _options.PackBytes)
            {
                string key = SnapshotKeys.Pack(_origin, _files.Count);
                _files.Add(await PackFile.BeginAsync(_store, _folder, key, _files.Count, cancellationToken).ConfigureAwait(false));
            }

            return new PackRun(_files[^1], _gate);
        }
        finally
        {
            _gate.Release();
        }
    }

    internal void OnCompleted() => Interlocked.Increment(ref _completed);
}
