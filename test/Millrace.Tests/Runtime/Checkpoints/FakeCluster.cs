using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>Workers, manifests, sinks and savepoints that do what they should at once, over a store in memory. One process.</summary>
sealed class FakeCluster : ICheckpointTasks, IManifestStore, IOwedCommits, ISavepointCopy
{
    static readonly TypeSchema Int = new(new SchemaType.Scalar("int32"), []);
    readonly MemoryStore _store;
    readonly ConcurrentDictionary<string, int> _outside;
    readonly ConcurrentDictionary<string, SnapshotManifest> _manifests;
    readonly LedgerKeys _keys;
    int _packs;

    public FakeCluster(MemoryStore store, LedgerKeys keys, ConcurrentDictionary<string, int> outside, ConcurrentDictionary<string, SnapshotManifest> manifests) =>
        (_store, _keys, _outside, _manifests) = (store, keys, outside, manifests);

    /// <summary>The coordinator the workers answer to.</summary>
    public CheckpointCoordinator? Coordinator { get; set; }

    public AttemptId Attempt { get; set; }

    /// <summary>What the workers do with a barrier; they take part unless it says otherwise.</summary>
    public Func<Barrier, bool>? OnBarrier { get; set; }

    /// <summary>What a manifest waits for before it is written.</summary>
    public Func<SnapshotManifest, Task> OnWrite { get; set; } = static _ => Task.CompletedTask;

    /// <summary>What the commit of a transaction waits for.</summary>
    public Func<OwedTransaction, Task> OnCommit { get; set; } = static _ => Task.CompletedTask;

    public List<long> Confirmed { get; } = [];

    public List<long> Aborted { get; } = [];

    public List<Barrier> Barriers { get; } = [];

    public void Trigger(Barrier barrier)
    {
        Barriers.Add(barrier);
        if (OnBarrier?.Invoke(barrier) == false) return;
        Coordinator!.OnSnapshot(Part(barrier, 0), 0);
        Coordinator.OnSnapshot(Part(barrier, 1), 1);
    }

    public void Confirm(long id) => Confirmed.Add(id);

    public void Abort(long id) => Aborted.Add(id);

    /// <summary>Each worker has one instance of a source and of a sink; full runs every fourth time, deltas between.</summary>
    public WorkerSnapshot Part(Barrier barrier, int worker)
    {
        KeyRange range = KeyRange.Of(worker, 2);
        bool isFull = barrier.IsSavepoint || barrier.Confirmed == 0 || barrier.Id % 4 == 0;
        string key = $"packs/{Attempt}-{worker}-{Interlocked.Increment(ref _packs)}";
        _store.Objects[_keys.Of(key)] = [1];
        string transaction = string.Create(CultureInfo.InvariantCulture, $"{Attempt}-{barrier.Id}-{worker}");
        _outside.TryAdd(transaction, 0);
        var run = new RunEntry(0, 0, range, isFull, barrier.Id, isFull ? 0 : barrier.Confirmed, 10, 0, 100);
        return new WorkerSnapshot(barrier.Id, [new PackEntry(key, 1, 0, "00", Attempt, "test")],
        [
            new OperatorSlice
            {
                OperatorId = "source", Subtask = new Subtask(worker, 2), Watermark = new Timestamp(barrier.Id * 10 + worker),
                States = [new StateEntry { Schema = Schema("positions", StateLayout.Split), Items = [new ItemEntry(worker, default, $"split {worker} at {barrier.Id}")] }],
            },
            new OperatorSlice
            {
                OperatorId = "sink", Subtask = new Subtask(worker, 2),
                States = [new StateEntry { Schema = Schema("totals", StateLayout.Keyed), Runs = [run] }],
                Prepared = [new OwedTransaction("sink", transaction, Int, default, $"part {transaction}")],
            },
        ]);
    }

    public async ValueTask<SnapshotReference> WriteAsync(SnapshotManifest manifest, StoreMeter meter, CancellationToken cancellationToken)
    {
        await OnWrite(manifest);
        string key = SnapshotKeys.Manifest(manifest.Id, manifest.Attempt);
        byte[] bytes = Encoding.UTF8.GetBytes($"{manifest.Id} {manifest.Attempt} {string.Join(' ', manifest.Packs.Select(pack => pack.Key))}");
        CreateOutcome outcome = await _store.Metered(meter).CreateAsync(_keys.Of(key), bytes, cancellationToken);
        if (outcome == CreateOutcome.Unknown) throw new StoreUnavailableException(_store.Address, key, "no answer");
        if (outcome == CreateOutcome.Exists) throw new ObjectExistsException(_store.Address, key);
        string hash = LedgerEntry.Hash(bytes);
        _manifests[hash] = manifest;
        return new SnapshotReference(manifest.Id, manifest.Attempt, key, hash);
    }

    public async ValueTask<SnapshotManifest> ReadAsync(SnapshotReference snapshot, StoreMeter meter, CancellationToken cancellationToken) =>
        await _store.Metered(meter).TryGetAsync(_keys.Of(snapshot.Key), cancellationToken) is null
            ? throw new ObjectMissingException(_store.Address, snapshot.Key, "does not exist")
            : _manifests[snapshot.Sha256];

    public async ValueTask<CommitOutcome> CommitAsync(OwedTransaction transaction, CancellationToken cancellationToken)
    {
        await OnCommit(transaction);
        if (!_outside.ContainsKey(transaction.Id)) return CommitOutcome.Missing;
        return _outside.AddOrUpdate(transaction.Id, 1, (_, count) => count + 1) == 1 ? CommitOutcome.Committed : CommitOutcome.Already;
    }

    /// <summary>Why savepoints cannot be written: found before one is taken, and when it is gathered.</summary>
    public (string? Before, string? After) Unwritable { get; set; }

    public ValueTask<string?> CheckAsync(string? target, CancellationToken cancellationToken) => new(Unwritable.Before);

    public async ValueTask<SavepointFolder> CopyAsync(SnapshotReference snapshot, string? target, StoreMeter meter, CancellationToken cancellationToken)
    {
        if (Unwritable.After is { } why) throw new SavepointFailedException(snapshot, target ?? "", new StoreUnavailableException(target ?? "", "written", why));
        SnapshotManifest manifest = await ReadAsync(snapshot, meter, cancellationToken);
        foreach (PackEntry pack in manifest.Packs)
        {
            if (!_store.Objects.ContainsKey(_keys.Of(pack.Key))) throw new ObjectMissingException(_store.Address, pack.Key, "does not exist");
        }

        return new SavepointFolder(target ?? $"memory://savepoints/{snapshot.Id}", snapshot.Sha256);
    }

    static StateSchema Schema(string name, StateLayout layout) => new() { Name = name, Layout = layout, Kind = "test", Value = Int };
}
