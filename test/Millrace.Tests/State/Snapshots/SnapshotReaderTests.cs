using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.State.Snapshots;

public sealed class SnapshotReaderTests
{
    static readonly CancellationToken Never = CancellationToken.None;

    static async Task<(SnapshotHistory History, SnapshotReader Snapshot)> MakeAsync(int seed = 5, int snapshots = 12)
    {
        SnapshotHistory history = new(seed);
        await history.RunAsync(snapshots);
        SnapshotManifest last = history.Committed[^1].Manifest;
        return (history, await SnapshotReader.OpenAsync(history.Store, SnapshotKeys.Manifest(last.Id, last.Attempt), null, Never));
    }

    static async Task<List<string>> RowsAsync(SnapshotReader snapshot, KeyRange range)
    {
        List<string> rows = [];
        await foreach (SnapshotRow row in snapshot.ReadRowsAsync("orders", "panes", range, Never))
        {
            rows.Add(new TestRow(row.Hash, row.Key.ToArray(), row.Sub.ToArray(), row.Value.ToArray()).Text);
        }

        return rows;
    }

    [Fact]
    public async Task ReadRows_OfEveryCommittedSnapshot_GivesTheStateOfItsMoment()
    {
        int chains = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            SnapshotHistory history = new(seed);
            await history.RunAsync(30);
            foreach ((SnapshotManifest manifest, List<string> rows) in history.Committed)
            {
                SnapshotReader snapshot = await SnapshotReader.OpenAsync(history.Store, SnapshotKeys.Manifest(manifest.Id, manifest.Attempt), null, Never);
                List<string> read = await RowsAsync(snapshot, KeyRange.Full);
                Assert.Equal(read.Order(StringComparer.Ordinal), read);
                Assert.True(rows.SequenceEqual(read), $"seed {seed}, checkpoint {manifest.Id}");
                List<string> parts = [];
                for (int i = 0; i < 3; i++) parts.AddRange(await RowsAsync(snapshot, KeyRange.Of(i, 3)));
                Assert.Equal(rows, parts);
                chains = Math.Max(chains, manifest.Operators[0].States[0].Runs.GroupBy(static r => r.Range).Select(static g => g.Count()).DefaultIfEmpty().Max());
            }
        }

        Assert.InRange(chains, 3, 7);
    }

    [Fact]
    public async Task OpenRuns_InOrder_RestoreTheSameState()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        Dictionary<string, string> rows = [];
        foreach (IRunReader run in await snapshot.OpenRunsAsync("orders", "panes", KeyRange.Full, Never))
        {
            foreach (string row in await SnapshotSamples.ReadAsync(run))
            {
                string key = row[..row.LastIndexOf(' ')];
                if (row.EndsWith("deleted", StringComparison.Ordinal)) rows.Remove(key);
                else rows[key] = row;
            }
        }

        Assert.Equal(history.Committed[^1].Rows, rows.Values.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Open_WithAnotherHash_IsRefused()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        string hash = ManifestJson.Sha256(snapshot.ManifestBytes.Span);
        await SnapshotReader.OpenAsync(history.Store, snapshot.Key, hash, Never);
        await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await SnapshotReader.OpenAsync(history.Store, snapshot.Key, new string('0', 64), Never));
        await Assert.ThrowsAsync<ObjectMissingException>(async () => await SnapshotReader.OpenAsync(history.Store, "checkpoints/x/_metadata", null, Never));
        history.Store.Objects["elsewhere/_metadata"] = snapshot.ManifestBytes.ToArray();
        SnapshotCorruptException e = await Assert.ThrowsAsync<SnapshotCorruptException>(
            async () => await SnapshotReader.OpenAsync(history.Store, "elsewhere/_metadata", null, Never));
        Assert.Contains("is not where a checkpoint is found", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DamagedOnTheWayOnce_IsReadAgain()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        string hash = ManifestJson.Sha256(snapshot.ManifestBytes.Span);
        foreach (StoreFault damage in (StoreFault[])[new StoreFault.FlipBit(1_234), new StoreFault.Truncate()])
        {
            int reads = 0;
            FaultStore once = new(history.Store, new(_ => reads++ == 0 ? damage : new StoreFault.None()), TimeProvider.System);
            Assert.Equal(snapshot.Manifest.Id, (await SnapshotReader.OpenAsync(once, snapshot.Key, hash, Never)).Manifest.Id);
            Assert.Equal(2, reads);
            FaultStore always = new(history.Store, new(_ => damage), TimeProvider.System);
            await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await SnapshotReader.OpenAsync(always, snapshot.Key, hash, Never));
        }
    }

    [Fact]
    public async Task State_OfAnotherName_IsRefusedWithThoseThereAre()
    {
        (_, SnapshotReader snapshot) = await MakeAsync();
        Assert.Contains("orders/panes", Assert.Throws<ArgumentException>(() => snapshot.State("orders", "pains")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_OfASoundSnapshot_FindsNothingAndReadsAll()
    {
        (_, SnapshotReader snapshot) = await MakeAsync();
        Progress progress = new();
        Assert.Empty(await SnapshotVerifier.VerifyAsync(snapshot, progress, null, Never));
        Assert.Equal(snapshot.Manifest.Packs.Sum(static p => p.Length), progress.Last.TotalBytes);
        Assert.Equal(progress.Last.TotalBytes, progress.Last.DoneBytes);
    }

    [Fact]
    public async Task Verify_OfDamage_NamesEveryFile()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        SnapshotManifest manifest = snapshot.Manifest;
        Assert.InRange(manifest.Packs.Count, 4, 100);
        history.Store.Objects.TryRemove(manifest.Packs[0].Key, out _);
        history.Store.Objects[manifest.Packs[1].Key] = history.Store.Objects[manifest.Packs[1].Key][..50];
        history.Store.Objects[manifest.Packs[2].Key][40] ^= 1;
        history.Store.Objects[manifest.Packs[3].Key] = [.. history.Store.Objects[manifest.Packs[3].Key], 0];
        IReadOnlyList<SnapshotProblem> problems = await SnapshotVerifier.VerifyAsync(snapshot, null, null, Never);
        Assert.Equal(manifest.Packs.Take(4).Select(static p => p.Key), problems.Select(static p => p.Key));
        Assert.All(problems, static p => Assert.Contains("state 'panes' of operator 'orders'", p.What, StringComparison.Ordinal));
        Assert.Contains("is not in memory:", problems[0].What, StringComparison.Ordinal);
        Assert.Contains("has 50 bytes instead of", problems[1].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_OfAnotherRunThanTheManifestNames_SaysSo()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        StateEntry state = snapshot.Manifest.Operators[0].States[0];
        RunEntry[] runs = [state.Runs[0] with { Rows = state.Runs[0].Rows + 1 }, .. state.Runs.Skip(1)];
        SnapshotManifest lie = snapshot.Manifest with { Operators = [snapshot.Manifest.Operators[0] with { States = [state with { Runs = runs }] }] };
        history.Store.Objects["checkpoints/lie/_metadata"] = ManifestJson.Write(lie);
        SnapshotReader lying = await SnapshotReader.OpenAsync(history.Store, "checkpoints/lie/_metadata", null, Never);
        SnapshotProblem problem = Assert.Single(await SnapshotVerifier.VerifyAsync(lying, null, null, Never));
        Assert.Contains("another run than the manifest describes", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copy_OfASnapshot_NeedsNothingElse()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        MemoryStore target = new();
        Progress progress = new();
        SnapshotReference copy = await SnapshotCopier.CopyAsync(snapshot, target, "saved/one", progress, Never);
        Assert.Equal(progress.Last.TotalBytes, progress.Last.DoneBytes);
        // Moved once more, by another tool.
        MemoryStore moved = new();
        foreach ((string key, byte[] bytes) in target.Objects) moved.Objects["elsewhere/" + key["saved/one/".Length..]] = bytes;
        SnapshotReader read = await SnapshotReader.OpenAsync(moved, "elsewhere/_metadata", copy.Sha256, Never);
        Assert.Equal(SnapshotKind.Savepoint, read.Manifest.Kind);
        Assert.Equal(history.Committed[^1].Rows, await RowsAsync(read, KeyRange.Full));
        Assert.Empty(await SnapshotVerifier.VerifyAsync(read, null, moved, Never));

        moved.Objects["elsewhere/packs/stray"] = [1];
        Assert.Equal("elsewhere/packs/stray", Assert.Single(await SnapshotVerifier.VerifyAsync(read, null, moved, Never)).Key);
    }

    [Fact]
    public async Task Copy_Repeated_GoesOnWhereItStopped()
    {
        (_, SnapshotReader snapshot) = await MakeAsync();
        MemoryStore target = new();
        await SnapshotCopier.CopyAsync(snapshot, target, "", null, Never);
        string[] keys = [.. target.Objects.Keys];
        target.Objects.TryRemove("_metadata", out _);
        target.Objects.TryRemove(snapshot.Manifest.Packs[^1].Key, out _);
        await SnapshotCopier.CopyAsync(snapshot, target, "", null, Never);
        Assert.Equal(keys.Order(), target.Objects.Keys.Order());
        await SnapshotCopier.CopyAsync(snapshot, target, "", null, Never);
        target.Objects[snapshot.Manifest.Packs[0].Key][30] ^= 1;
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await SnapshotCopier.CopyAsync(snapshot, target, "", null, Never));
        target.Objects["_metadata"] = [1];
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await SnapshotCopier.CopyAsync(snapshot, target, "", null, Never));
    }

    [Fact]
    public async Task Copy_OfADamagedSnapshot_LeavesNoCopy()
    {
        (SnapshotHistory history, SnapshotReader snapshot) = await MakeAsync();
        history.Store.Objects[snapshot.Manifest.Packs[^1].Key][30] ^= 1;
        MemoryStore target = new();
        await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await SnapshotCopier.CopyAsync(snapshot, target, "saved", null, Never));
        Assert.DoesNotContain("saved/_metadata", target.Objects.Keys);
        Assert.DoesNotContain("saved/" + snapshot.Manifest.Packs[^1].Key, target.Objects.Keys);
    }

    [Fact]
    public void Diff_OfTwoSnapshots_NamesWhatDiffers()
    {
        SnapshotManifest before = SnapshotSamples.Manifest();
        OperatorEntry orders = before.Operators[0];
        StateEntry panes = orders.States[0];
        SnapshotManifest after = before with
        {
            Packs = [before.Packs[0], before.Packs[0] with { Key = "packs/new", Length = 500 }],
            Operators =
            [
                orders with { States = [panes with { Runs = [.. panes.Runs, panes.Runs[0] with { Pack = 1, Range = KeyRange.Of(1, 2), Rows = 7 }] }] },
                new OperatorEntry { Id = "new", Verb = "Where", Parallelism = 1 },
            ],
        };
        SnapshotDiff diff = SnapshotDiff.Between(before, after);
        Assert.Equal(["new"], diff.Added);
        Assert.Empty(diff.Removed);
        Assert.Equal((1, 500L), (diff.SharedPacks, diff.AddedBytes));
        Assert.Equal(["panes", "positions"], diff.States.Select(static s => s.StateName));
        Assert.Equal((110L, 117L), (diff.States[0].Before!.Value.Rows, diff.States[0].After!.Value.Rows));
        Assert.Null(diff.States[1].After);
        Assert.All(SnapshotDiff.Between(before, before).States, static s => Assert.True(s.IsSame));
    }

    sealed class Progress : IProgress<SnapshotProgress>
    {
        public SnapshotProgress Last { get; private set; }

        public void Report(SnapshotProgress value)
        {
            Assert.True(value.DoneBytes >= Last.DoneBytes && value.DoneBytes <= value.TotalBytes);
            Last = value;
        }
    }
}
