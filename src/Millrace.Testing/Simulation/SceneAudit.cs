using Millrace.Runtime.Checkpoints;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>What must hold of the store and its ledger, whatever happened. Used by the thread of the world.</summary>
sealed class SceneAudit(SimulatedScene scene)
{
    readonly HashSet<string> _named = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<SeenTime>> _watermarks = new(StringComparer.Ordinal);
    readonly Dictionary<SimulatedLife, long> _newest = [];

    /// <summary>A checkpoint was told to be complete.</summary>
    public void OnTaken(SimulatedLife life, CheckpointStatistics taken)
    {
        try
        {
            Look(life, taken);
        }
        catch (SimulationException found)
        {
            scene.World.Found ??= found;
        }
    }

    void Look(SimulatedLife life, CheckpointStatistics taken)
    {
        (scene.Job as ISimulatedVariety)?.Look();
        if (life.Job.Status.Total("lateFirings") > 0 && scene.Takeovers.LeaderOf(taken.Snapshot.Attempt.Term - 1) is { } other && other != life) scene.World.Reach("windows fired again for late records after a takeover");
        life.Process.Tell($"checkpoint {taken.Snapshot.Id} of {taken.Snapshot.Attempt} is complete");
        // One that was followed by others meanwhile may be gone.
        if (scene.Folder.TryGetAsync(taken.Snapshot.Key, CancellationToken.None).AsTask().Result is not { } bytes) return;
        SnapshotManifest manifest = ManifestJson.Read(bytes, taken.Snapshot.Key);
        _named.Add(taken.Snapshot.Key);
        _named.UnionWith(manifest.Packs.Select(static p => p.Key));
        if (manifest.Operators.Any(static o => o.States.Any(static s => s.Schema.Layout == StateLayout.InFlight && s.Runs.Count > 0))) scene.World.Reach("records in flight were captured");
        if (life.Options.Checkpoints.Wear.Find(manifest).Count > 0) scene.World.Reach("a pack was worn, and written again");
        if (manifest.Owed.Count > 0 && manifest.Parent is null && life.Options.Parallelism > 1) scene.World.Reach("transactions owed by a full snapshot");

        if (manifest.Id <= _newest.GetValueOrDefault(life)) throw new SimulationException($"{life.Process.Name} told checkpoint {manifest.Id} after {_newest[life]}");
        _newest[life] = manifest.Id;
        LookAtTime(life, manifest);
        // The store is in memory: this does not wait for anything.
        if (scene.Job is IStateOracle oracle) CheckStateAsync(oracle, taken.Snapshot).GetAwaiter().GetResult();
    }

    /// <summary>Event time of an operator is never behind that of the checkpoint its deployment went on from, nor behind that of an earlier one of the deployment.</summary>
    void LookAtTime(SimulatedLife life, SnapshotManifest manifest)
    {
        long from = RestoredId(manifest.Attempt);
        if (from > 0 && _newest.Values.Any(newest => newest > from && newest < manifest.Id)) scene.World.Reach("a deployment went on from an older checkpoint than the newest");
        // An instance that has no event time yet is not listed, and may begin anywhere.
        foreach (OperatorEntry op in manifest.Operators.Where(static o => o.Watermarks.Sum(static w => w.Range.Size) == KeyRange.Full.Size))
        {
            // Sources begin at where their splits are, with those that were idle, whoever reads them; what follows is where it was.
            if (scene.Traits.HasIdleSplits && op.States.Any(static s => s.Schema.Layout == StateLayout.Split)) continue;
            SeenTime now = new(manifest.Id, manifest.Attempt, op.Watermarks.Min(static w => w.Watermark));
            // Another version of the program may name operators otherwise.
            string where = $"{life.Options.Version} {manifest.Timeline} {op.Id}";
            if (!_watermarks.TryGetValue(where, out List<SeenTime>? seen)) _watermarks.Add(where, seen = []);
            // Not all are told in their order, nor at once: a process that slept tells late what another has gone on from.
            if (seen.Where(s => s.Checkpoint < now.Checkpoint && (s.Checkpoint <= from || s.Attempt == now.Attempt)).MaxBy(static s => s.Checkpoint) is { } before && now.Watermark < before.Watermark)
                throw new SimulationException($"event time of '{op.Id}' went back from {before.Watermark} in checkpoint {before.Checkpoint} to {now.Watermark} in checkpoint {now.Checkpoint}");
            seen.Add(now);
        }
    }

    /// <summary>The checkpoint a deployment went on from; zero for none of the job's own.</summary>
    long RestoredId(AttemptId attempt)
    {
        // The store is in memory: this does not wait for anything.
        string key = $"ledger/{attempt.Term}/{attempt.Sequence}";
        if (scene.Folder.TryGetAsync(key, CancellationToken.None).AsTask().Result is not { } bytes) return 0;
        return LedgerEntry.Read(key, bytes).Events.OfType<LedgerEvent.AttemptBegun>().LastOrDefault()?.RestoredFrom?.Id ?? 0;
    }

    async Task CheckStateAsync(IStateOracle oracle, SnapshotReference snapshot)
    {
        try
        {
            SnapshotReader reader = await SnapshotReader.OpenAsync(scene.Folder, snapshot.Key, snapshot.Sha256, CancellationToken.None).ConfigureAwait(false);
            if (await oracle.CheckStateAsync(reader).ConfigureAwait(false)) scene.World.Reach("state was compared with source positions");
        }
        catch (Exception gone) when (gone is ObjectMissingException or SnapshotCorruptException { InnerException: ObjectMissingException })
        {
            // It has left retention while it was told; what is kept is looked at in the end.
        }
    }

    /// <summary>Looks at everything once the job has finished.</summary>
    /// <exception cref="SimulationException">Something does not hold.</exception>
    public async Task CheckAsync()
    {
        LedgerState state = await scene.StateAsync().ConfigureAwait(false) ?? throw new SimulationException("there is no ledger");
        if (state.Owed.Count > 0) throw new SimulationException($"the job has finished and owes {state.Owed.Count} transactions");
        HashSet<string> needed = new(StringComparer.Ordinal);
        foreach (SnapshotReference kept in state.Kept)
        {
            SnapshotReader reader = await SnapshotReader.OpenAsync(scene.Folder, kept.Key, kept.Sha256, CancellationToken.None).ConfigureAwait(false);
            await RequireWholeAsync(reader, scene.Folder, $"checkpoint {kept.Id}").ConfigureAwait(false);
            needed.Add(kept.Key);
            needed.UnionWith(reader.Manifest.Packs.Select(static p => p.Key));
        }

        foreach (SavepointRecord savepoint in state.Savepoints)
        {
            IListableStore folder = scene.OfSavepoint(savepoint.Address);
            // One that was claimed goes as a whole, manifest first.
            if (IsClaimed(savepoint) && await folder.TryGetAsync(SnapshotKeys.ManifestName, CancellationToken.None).ConfigureAwait(false) is null) continue;
            SnapshotReader reader = await SnapshotReader.OpenAsync(folder, SnapshotKeys.ManifestName, savepoint.Sha256, CancellationToken.None).ConfigureAwait(false);
            await RequireWholeAsync(reader, folder, $"savepoint {savepoint.Address}").ConfigureAwait(false);
        }

        HashSet<string> there = new(StringComparer.Ordinal);
        await foreach (StoredObject found in scene.Folder.ListAsync("", CancellationToken.None).ConfigureAwait(false)) there.Add(found.Key);
        // What is doomed is deleted by whoever leads next, if nobody has come to it.
        needed.UnionWith(state.Doomed);
        string[] left = [.. _named.Where(key => there.Contains(key) && !needed.Contains(key)).Order(StringComparer.Ordinal)];
        if (left.Length > 0) throw new SimulationException($"named once, not needed any more, and not deleted: {string.Join(", ", left)}");
    }

    bool IsClaimed(SavepointRecord savepoint) => scene.Lives.Any(life => life.Options is { IsClaim: true } options
        && (options.From is StartFrom.Address there ? there.Folder == savepoint.Address : options.From is StartFrom.LatestSavepoint));

    static async Task RequireWholeAsync(SnapshotReader reader, IListableStore store, string what)
    {
        IReadOnlyList<SnapshotProblem> problems = await SnapshotVerifier.VerifyAsync(reader, null, store, CancellationToken.None).ConfigureAwait(false);
        if (problems.Count > 0) throw new SimulationException($"{what}: {string.Join("; ", problems)}");
    }

    /// <summary>Where event time was.</summary>
    sealed record SeenTime(long Checkpoint, AttemptId Attempt, Timestamp Watermark);
}
