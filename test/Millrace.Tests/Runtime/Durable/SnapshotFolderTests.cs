using System.Diagnostics;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Folders of snapshots that are moved, copied and damaged.</summary>
public sealed class SnapshotFolderTests : IDisposable
{
    const int At = 60;

    readonly string _root = Directory.CreateTempSubdirectory("millrace-folders-").FullName;
    readonly Trial _trial = new() { Input = new(3, 150) };

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Folder_CopiedElsewhere_IsStartedFrom(bool isCheckpoint)
    {
        (string savepoint, string checkpoint) = await TakeAsync();
        string from = isCheckpoint ? Path.Combine(_root, "state", TrialFlow.Name) : savepoint;
        string moved = Path.Combine(_root, "moved to", "another place");
        Directory.CreateDirectory(Path.GetDirectoryName(moved)!);
        using (Process copy = Process.Start("cp", ["-r", from, moved])) await copy.WaitForExitAsync();
        Directory.Delete(from, recursive: true);

        string address = isCheckpoint ? Path.Combine(moved, checkpoint) : moved;
        Trial next = await StartFromAsync(address);
        TrialAssert.Same(TrialFlow.Answer(_trial.Input), TrialAssert.Sorted(_trial.Table.Visible, next.Table.Visible), address);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Folder_WithAnExtraFile_IsStartedFrom()
    {
        (string savepoint, _) = await TakeAsync();
        await File.WriteAllTextAsync(Path.Combine(savepoint, "notes.txt"), "kept before the upgrade");
        await File.WriteAllTextAsync(Path.Combine(savepoint, "packs", "stray"), "not named by anything");
        Trial next = await StartFromAsync(savepoint);
        TrialAssert.Same(TrialFlow.Answer(_trial.Input), TrialAssert.Sorted(_trial.Table.Visible, next.Table.Visible), savepoint);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Folder_WithAnyFileDamaged_IsNamedAndNotUsed()
    {
        (string savepoint, _) = await TakeAsync();
        string[] files = Directory.GetFiles(savepoint, "*", SearchOption.AllDirectories);
        Assert.True(files.Length >= 2);
        Random chance = new(3);
        foreach (string file in files)
        {
            byte[] whole = await File.ReadAllBytesAsync(file);
            for (int damage = 0; damage < 8; damage++)
            {
                byte[]? damaged = damage switch
                {
                    0 => null,
                    1 => [],
                    2 => whole[..^1],
                    3 => whole[..(whole.Length / 2)],
                    // A changed letter in the texts of a manifest that is given by its folder alone has nothing to be compared with.
                    // The magic at the head of a pack says nothing that a restore reads; "verify" reads it.
                    _ when Path.GetFileName(file) == SnapshotKeys.ManifestName => Flipped(whole, 0, chance.Next(8)),
                    _ => Flipped(whole, damage == 4 ? PackFormat.HeaderBytes : damage == 5 ? whole.Length - 1 : chance.Next(PackFormat.HeaderBytes, whole.Length), chance.Next(8)),
                };
                if (damaged is null) File.Delete(file);
                else await File.WriteAllBytesAsync(file, damaged);
                Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => StartFromAsync(savepoint));
                Assert.True(Chain(failure).Any(static f => f is SnapshotCorruptException or ObjectMissingException or StartRefusedException), $"{file}, damage {damage}: {failure}");
                Assert.True(Chain(failure).Any(f => f.Message.Contains(Path.GetFileName(file), StringComparison.Ordinal)), $"{file}, damage {damage}: {failure.Message}");
            }

            await File.WriteAllBytesAsync(file, whole);
        }

        Trial next = await StartFromAsync(savepoint);
        TrialAssert.Same(TrialFlow.Answer(_trial.Input), TrialAssert.Sorted(_trial.Table.Visible, next.Table.Visible), savepoint);
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData("_metadata")]
    [InlineData("packs/")]
    public async Task Newest_DamagedAndNothingCommittedPastTheOlder_FallsBackAloud(string part)
    {
        // The second checkpoint commits nothing: no record comes between the two.
        SnapshotReference newest = await TwoCheckpointsAsync(isMore: false);
        await DamageAsync(newest, part);
        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(Again())).Ending);
        TrialAssert.Same(TrialFlow.Answer(_trial.Input), _trial.Table.Visible, part);
        Assert.Contains(_trial.Told, line => line.Contains($"checkpoint {newest.Id} is damaged", StringComparison.Ordinal));
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData("_metadata")]
    [InlineData("packs/")]
    public async Task Newest_DamagedAndCommittedPastTheOlder_RefusesUnlessDuplicatesAreAccepted(string part)
    {
        SnapshotReference newest = await TwoCheckpointsAsync(isMore: true);
        IReadOnlyList<string> before = _trial.Table.Visible;
        await DamageAsync(newest, part);
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => _trial.RunAsync(Again()));
        Assert.Contains("--accept-duplicates", string.Join('\n', Chain(refused).Select(static f => f.Message)), StringComparison.Ordinal);
        Assert.Equal(before, _trial.Table.Visible);

        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(Again() with { AcceptsDuplicates = true })).Ending);
        List<string> all = TrialFlow.Answer(_trial.Input);
        Assert.Empty(TrialAssert.Without(all, _trial.Table.Visible));
        // What is twice is what was written between the two checkpoints.
        Assert.Empty(TrialAssert.Without(TrialAssert.Without(_trial.Table.Visible, all), TrialFlow.Answer(_trial.Input, 0, At + 20)));
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Savepoint_DamagedWithNothingToFallBackOn_EndsTheJobAndNamesTheChoices()
    {
        (string savepoint, string tip) = await TakeAsync();
        string pack = Directory.GetFiles(Path.Combine(savepoint, "packs"))[0];
        byte[] whole = await File.ReadAllBytesAsync(pack);
        await File.WriteAllBytesAsync(pack, Flipped(whole, whole.Length / 3, 2));
        await using LocalObjectStore state = new(Path.Combine(_root, "state"), NonceSource.FromSystem());
        TrialStart rewind = Local(state) with { IsRewind = true, Restart = new Millrace.Runtime.Jobs.RestartPolicy.ExponentialDelay() };

        JobFailedException failed = await Assert.ThrowsAsync<JobFailedException>(() => _trial.RunAsync(rewind with { From = new StartFrom.Address(savepoint) }));

        RestoreFailedException why = Assert.IsType<RestoreFailedException>(failed.InnerException);
        foreach (string part in (string[])[Path.GetFileName(pack), $"the snapshot at {savepoint} is damaged", $"--from STORAGE/{TrialFlow.Name}/{tip} (pinned: left behind by timeline "])
            Assert.Contains(part, why.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_trial.Told, static line => line.Contains("restarting in", StringComparison.Ordinal));
        StartRefusedException other = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(Local(state) with { From = new StartFrom.Fresh() }));
        Assert.Contains($"can go on from what it began with, {savepoint}", other.Message, StringComparison.Ordinal);
        StartRefusedException latest = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(rewind with { From = new StartFrom.Latest() }));
        Assert.Contains($"{tip} (pinned: ", latest.Message, StringComparison.Ordinal);

        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(rewind with { From = new StartFrom.Address(Path.Combine(_root, "state", TrialFlow.Name, tip)) })).Ending);
        TrialAssert.Same(TrialFlow.Answer(_trial.Input), _trial.Table.Visible, "from the tip");
    }

    /// <summary>What the line began with is gone before it has a checkpoint: the choices are named, and what it began beside is one of them.</summary>
    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Savepoint_GoneWithNothingToFallBackOn_IsRefusedWithTheChoices()
    {
        (string savepoint, string tip) = await TakeAsync();
        await using LocalObjectStore state = new(Path.Combine(_root, "state"), NonceSource.FromSystem());
        TrialStart how = Local(state) with { From = new StartFrom.Address(savepoint), IsRewind = true };
        how.Gate.Open(At + 10);
        DurableJob job = _trial.Start(how);
        // Records after the savepoint are only read when the line of history has begun.
        await job.PassedAsync(how.Gate, 1);
        job.Interrupt("test");
        await job.Completion;
        Directory.Delete(savepoint, recursive: true);

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(Local(state)));

        Assert.Contains($"the job began with {savepoint} and has no checkpoint since, and that folder is gone", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{tip} (pinned: ", refused.Message, StringComparison.Ordinal);
    }

    static TrialStart Again() => new() { Restart = new Millrace.Runtime.Jobs.RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.Zero } };

    static byte[] Flipped(byte[] whole, int at, int bit)
    {
        byte[] damaged = [.. whole];
        damaged[at] ^= (byte)(1 << bit);
        return damaged;
    }

    static IEnumerable<Exception> Chain(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException) yield return failure;
    }

    /// <summary>Checkpoints at 60 and, with more read between, at 80; then the process is killed.</summary>
    async Task<SnapshotReference> TwoCheckpointsAsync(bool isMore)
    {
        TrialProcess process = new();
        TrialStart how = new() { Process = process };
        DurableJob job = await _trial.StartAsync(how, limit: At);
        SnapshotReference older = (await job.CheckpointAsync().TakenAsync()).Snapshot;
        if (isMore)
        {
            how.Gate.Open(At + 20);
            await job.PassedAsync(how.Gate, _trial.Input.Below(At + 20));
        }

        // A savepoint is whole: its packs are its own, so that damaging them leaves the older one alone.
        SnapshotReference newest = (await job.SavepointAsync(null).TakenAsync()).Snapshot;
        Assert.True(newest.Id > older.Id);
        process.Kill("the test");
        job.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);
        return newest;
    }

    async Task DamageAsync(SnapshotReference snapshot, string part)
    {
        IObjectStore folder = _trial.Store.Under(TrialFlow.Name);
        SnapshotReader reader = await SnapshotReader.OpenAsync(folder, snapshot.Key, snapshot.Sha256, default);
        string key = part == "_metadata" ? snapshot.Key : reader.Manifest.Packs[0].Key;
        byte[] whole = (await folder.TryGetAsync(key, default))!;
        // In the middle of a pack: the rows, which are read only when they are restored.
        await folder.PutAsync(key, Flipped(whole, whole.Length / 3, 2), default);
    }

    /// <summary>A savepoint in a folder of its own, and the folder of a checkpoint below that of the job.</summary>
    async Task<(string Savepoint, string Checkpoint)> TakeAsync()
    {
        await using LocalObjectStore state = new(Path.Combine(_root, "state"), NonceSource.FromSystem());
        DurableJob job = await _trial.StartAsync(Local(state), limit: At);
        string savepoint = (await job.SavepointAsync(Path.Combine(_root, "savepoints")).TakenAsync()).Savepoint!.Address;
        SnapshotReference checkpoint = (await job.CheckpointAsync().TakenAsync()).Snapshot;
        job.Interrupt("test");
        await job.Completion;
        return (savepoint, Path.GetDirectoryName(checkpoint.Key)!);
    }

    /// <summary>Another job of the same program, in another store, from a folder.</summary>
    async Task<Trial> StartFromAsync(string address)
    {
        Trial next = new() { Input = _trial.Input };
        string state = Path.Combine(_root, $"state-{Guid.NewGuid():n}");
        await using LocalObjectStore store = new(state, NonceSource.FromSystem());
        Assert.Equal(JobEnding.Finished, (await next.RunAsync(Local(store) with { From = new StartFrom.Address(address) })).Ending);
        return next;
    }

    static TrialStart Local(IObjectStore state) => new()
    {
        Store = state,
        OpenStore = static (address, _) => new(new LocalObjectStore(address, NonceSource.FromSystem())),
    };
}
