using System.Buffers.Binary;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

/// <summary>
/// A keyed state that changes and is snapshotted, next to a dictionary that knows what each snapshot must hold: deltas by the engine's
/// rule, slices that write nothing, dropped panes, snapshots that are never committed, other parallelisms.
/// </summary>
sealed class SnapshotHistory(int seed)
{
    const int SlicesPerTask = 2, KeysMax = 300;

    readonly Random _random = new(seed);
    readonly Dictionary<(int Key, long Sub), (long Version, long? Value)> _rows = [];
    readonly List<long> _confirmed = [];
    int _parallelism = 2;
    bool _isFull = true;
    long _id;
    long _dropped = long.MinValue;

    public MemoryStore Store { get; } = new();

    public List<(SnapshotManifest Manifest, List<string> Rows)> Committed { get; } = [];

    public static uint HashOf(int key) => KeyHash.Of(key % 37);

    public async Task RunAsync(int snapshots)
    {
        for (int i = 0; i < snapshots; i++)
        {
            Change();
            SnapshotManifest manifest = await SnapshotAsync();
            // Some are never committed: their packs are garbage and their changes part of a later delta.
            if (_random.Next(4) == 0) continue;
            _confirmed.Add(manifest.Id);
            Committed.Add((manifest, Expected()));
            await Store.PutAsync(SnapshotKeys.Manifest(manifest.Id, manifest.Attempt), ManifestJson.Write(manifest), CancellationToken.None);
            _isFull = false;
            if (_random.Next(6) != 0) continue;
            // A restart with another parallelism: what is captured next is captured whole.
            _parallelism = _random.Next(1, 5);
            _isFull = true;
            _confirmed.Clear();
        }
    }

    void Change()
    {
        int changes = _random.Next(4) == 0 ? 0 : _random.Next(100);
        for (int i = 0; i < changes; i++)
        {
            (int, long) key = (_random.Next(KeysMax), Math.Max(_dropped, -10) + _random.Next(10));
            bool deletes = _random.Next(3) == 0;
            if (!deletes || _rows.ContainsKey(key)) _rows[key] = (_id + 1, deletes ? null : _random.NextInt64());
        }

        if (_random.Next(5) != 0) return;
        _dropped = Math.Max(_dropped, -10) + _random.Next(4);
        foreach ((int, long Sub) key in _rows.Keys.Where(k => k.Sub < _dropped).ToList()) _rows.Remove(key);
    }

    async Task<SnapshotManifest> SnapshotAsync()
    {
        _id++;
        List<WorkerPart> workers = [];
        for (int task = 0; task < _parallelism; task++) workers.Add(await WriteAsync(task));
        SnapshotManifest? parent = Committed.Count > 0 ? Committed[^1].Manifest : null;
        return ManifestBuilder.Build(new SnapshotDraft
        {
            Id = _id,
            Kind = SnapshotKind.Checkpoint,
            Job = "revenue",
            Timeline = new string('0', 32),
            Attempt = SnapshotSamples.Attempt,
            TakenAt = DateTimeOffset.UnixEpoch,
            Engine = "0",
            Fingerprint = "",
            Parent = parent,
            ParentReference = parent is null ? null : new SnapshotReference(parent.Id, parent.Attempt, "checkpoints/parent/_metadata", new string('0', 64)),
            Operators = [new OperatorDraft("orders", "Process", _parallelism)],
            Workers = workers,
        });
    }

    async Task<WorkerPart> WriteAsync(int task)
    {
        KeyRange owned = KeyRange.Of(task, _parallelism);
        await using PackWriter writer = new(Store, "", SnapshotSamples.Origin(_id, task), new PackOptions { BlockBytes = 200, PackBytes = 3_000 });
        List<RunEntry> runs = [];
        long since = Base();
        for (int slice = 0; slice < SlicesPerTask; slice++)
        {
            long half = owned.Start + (owned.Size / 2);
            KeyRange range = slice == 0 ? new KeyRange(owned.Start, half) : new KeyRange(half, owned.End);
            List<TestRow> rows = Changed(range, since);
            // Deltas without a row may be reported or not.
            if (since > 0 && rows.Count == 0 && _dropped == long.MinValue && _random.Next(2) == 0) continue;
            runs.Add(await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Panes, _id, range, since, _dropped), rows));
        }

        IReadOnlyList<PackEntry> packs = await writer.CompleteAsync(CancellationToken.None);
        StateEntry state = new() { Schema = SnapshotSamples.Panes, Runs = runs };
        return new WorkerPart(packs, [new SlicePart { OperatorId = "orders", Subtask = task, Range = owned, States = [state] }]);
    }

    // The n-th confirmed snapshot, from 0, has the base n - lowbit(n); here every 16th is full.
    long Base()
    {
        int count = _confirmed.Count, n = count % 16;
        return _isFull || n == 0 ? 0 : _confirmed[count - (n & -n)];
    }

    List<TestRow> Changed(KeyRange range, long since) =>
    [
        .. _rows.Where(r => range.Contains(HashOf(r.Key.Key)) && r.Value.Version > since && (since > 0 || r.Value.Value is not null))
            .Select(static r => Row(r.Key, r.Value.Value)).OrderBy(static r => r.Hash),
    ];

    List<string> Expected() => [.. _rows.Where(static r => r.Value.Value is not null).Select(static r => Row(r.Key, r.Value.Value).Text).Order(StringComparer.Ordinal)];

    static TestRow Row((int Key, long Sub) key, long? value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, key.Key);
        return new TestRow(HashOf(key.Key), bytes, SnapshotSamples.Number(key.Sub), value is { } v ? SnapshotSamples.Number(v) : null);
    }
}
