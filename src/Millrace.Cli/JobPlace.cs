using System.CommandLine;
using System.Globalization;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>The options that name a job in a store.</summary>
internal sealed class JobOptions
{
    /// <summary>Makes them.</summary>
    /// <param name="isRequired">Whether the command has no meaning without a job.</param>
    public JobOptions(bool isRequired = true)
    {
        Storage = new("--storage") { Description = "Where the job keeps its state: a folder, or s3://bucket/prefix?endpoint=http://host:port.", Required = isRequired };
        Job = new("--job") { Description = "The name of the job.", Required = isRequired };
    }

    public Option<string?> Storage { get; }

    public Option<string?> Job { get; }

    /// <summary>Opens the folder of the job.</summary>
    /// <exception cref="ToolException">They were not given.</exception>
    public async ValueTask<JobPlace> OpenAsync(Tool tool, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Job) is { } name && string.IsNullOrWhiteSpace(name)) throw new ToolException("--job is empty: give the name of the job", ExitCodes.Refused);
        if (parsed.GetValue(Storage) is not { } storage || parsed.GetValue(Job) is not { } job)
            throw new ToolException("which job? Give --storage ADDRESS and --job NAME, or the address of the snapshot's folder", ExitCodes.Refused);
        return new(tool, await tool.OpenAsync(storage, cancellationToken).ConfigureAwait(false), StoreAddress.Parse(storage), job);
    }

    /// <summary>Opens a snapshot by the id it has in the job, by <c>latest</c> or <c>latest-savepoint</c>, or by the address of its folder.</summary>
    public async ValueTask<OpenSnapshot> FindAsync(Tool tool, ParseResult parsed, string name, CancellationToken cancellationToken)
    {
        bool isId = long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        if (!isId && name is not (SnapshotLook.Latest or SnapshotLook.LatestSavepoint)) return await OpenSnapshot.AtAsync(tool, name, null, cancellationToken).ConfigureAwait(false);
        JobPlace place = await OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
        try
        {
            LedgerState state = (await place.ReadAsync(cancellationToken).ConfigureAwait(false)).State;
            SavepointRecord? savepoint = name == SnapshotLook.LatestSavepoint ? state.Savepoints.LastOrDefault() : state.Savepoints.LastOrDefault(s => isId && s.Id == id);
            SnapshotReference? kept = name == "latest" ? state.Latest?.Snapshot
                : state.Kept.FirstOrDefault(s => isId && s.Id == id);
            if (kept is not null) return await OpenSnapshot.KeptAsync(place, kept, name == "latest", cancellationToken).ConfigureAwait(false);
            await place.DisposeAsync().ConfigureAwait(false);
            return savepoint is not null
                ? await OpenSnapshot.AtAsync(tool, savepoint.Address, savepoint.Sha256, cancellationToken).ConfigureAwait(false)
                : throw new ToolException($"job {place.Job} keeps no snapshot {name}; 'millrace snapshots ls' shows what it keeps");
        }
        catch
        {
            await place.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>The folder of a job in its store. Owns the store.</summary>
internal sealed class JobPlace(Tool tool, IListableStore store, StoreAddress storage, string job) : IAsyncDisposable
{
    /// <summary>The name of the job.</summary>
    public string Job => job;

    /// <summary>The store, as an address.</summary>
    public StoreAddress Storage => storage;

    /// <summary>The folder.</summary>
    public IListableStore Folder { get; } = store.Under(job);

    /// <summary>The store, if it is a folder of this machine.</summary>
    public LocalObjectStore? Local => store as LocalObjectStore;

    /// <summary>What its process can be asked.</summary>
    public JobVerbs Verbs => new(Folder, job, tool.Time, storage.ToString());

    /// <summary>Reads the ledger.</summary>
    /// <exception cref="ToolException">There is no such job.</exception>
    public async ValueTask<LedgerView> ReadAsync(CancellationToken cancellationToken) =>
        await Verbs.ReadAsync(cancellationToken).ConfigureAwait(false)
        ?? throw new ToolException($"there is no job {job} in {storage.Root}: it was never started there. Look at the address and the name", ExitCodes.NotRunning);

    /// <summary>Claims the next term, which overtakes whoever was seen to lead, and nobody else.</summary>
    /// <param name="seen">What the user was told of.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ToolException">Another process has claimed it since.</exception>
    public async ValueTask<Ledger> LeadAsync(LedgerView seen, CancellationToken cancellationToken)
    {
        LedgerOptions options = new() { Leader = $"{Environment.MachineName}-{Environment.ProcessId} (millrace)", GiveUpAfter = LedgerOptions.Patience, StepDownAfter = LedgerOptions.Patience };
        return await Ledger.OpenAsync(Folder, new LedgerKeys(""), job, tool.Surroundings.Nonces.NextName(), tool.Time, options, cancellationToken, seen.Claim.Term).ConfigureAwait(false) switch
        {
            LedgerOpening.Leads leads => leads.Ledger,
            LedgerOpening.Outrun outrun => throw new ToolException($"{outrun.Claim.Leader} has begun to lead job {job} in the meantime; try again", ExitCodes.LedElsewhere),
            var other => throw new System.Diagnostics.UnreachableException($"opened as {other}"),
        };
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();
}

/// <summary>A snapshot that was opened, with the store it is in, which it owns through <paramref name="owner"/>.</summary>
internal sealed class OpenSnapshot(SnapshotReader reader, IListableStore store, IAsyncDisposable owner, SnapshotReference? kept = null) : IAsyncDisposable
{
    const int OpeningsMax = 20;

    public SnapshotReader Reader => reader;

    public IListableStore Store => store;

    /// <summary>Opens a checkpoint that the ledger of a job keeps. The job may delete it at any moment.</summary>
    /// <param name="place">The job.</param>
    /// <param name="kept">The checkpoint.</param>
    /// <param name="isLatest">Whether the newest is meant, whichever that is when this one is gone.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ToolException">The job deleted it meanwhile.</exception>
    public static async ValueTask<OpenSnapshot> KeptAsync(JobPlace place, SnapshotReference kept, bool isLatest, CancellationToken cancellationToken)
    {
        for (int opening = 1; ; opening++)
        {
            try
            {
                return new(await ReadAsync(place.Folder, kept.Key, kept.Sha256, cancellationToken).ConfigureAwait(false), place.Folder, place, kept);
            }
            catch (ObjectMissingException)
            {
                LedgerState now = (await place.ReadAsync(cancellationToken).ConfigureAwait(false)).State;
                if (now.Kept.Contains(kept)) throw;
                if (isLatest && opening == OpeningsMax) throw new ToolException($"the job deleted {opening} checkpoints one after the other while they were opened: {SnapshotLook.Cure}");
                if (!isLatest || now.Latest is not { } newest) throw new ToolException($"checkpoint {kept.Id} was deleted by job {place.Job} while it was opened: {SnapshotLook.Cure}");
                kept = newest.Snapshot;
            }
        }
    }

    /// <summary>Whether it is a checkpoint that its job has deleted since it was opened.</summary>
    public async ValueTask<bool> IsDeletedAsync(CancellationToken cancellationToken) =>
        kept is not null && owner is JobPlace place && !(await place.ReadAsync(cancellationToken).ConfigureAwait(false)).State.Kept.Contains(kept);

    /// <summary>Opens the snapshot in a folder.</summary>
    /// <exception cref="ObjectMissingException">There is none.</exception>
    public static async ValueTask<OpenSnapshot> AtAsync(Tool tool, string address, string? sha256, CancellationToken cancellationToken)
    {
        (string root, string key) = SnapshotKeys.Locate(StoreAddress.Parse(address).ToString());
        IListableStore store = await tool.OpenAsync(root, cancellationToken).ConfigureAwait(false);
        try
        {
            return new(await ReadAsync(store, key, sha256, cancellationToken).ConfigureAwait(false), store, store);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => owner.DisposeAsync();

    /// <summary>Reads the manifest; what is wrong with it is told with the folder it is in.</summary>
    static async ValueTask<SnapshotReader> ReadAsync(IListableStore store, string key, string? sha256, CancellationToken cancellationToken)
    {
        try
        {
            return await SnapshotReader.OpenAsync(store, key, sha256, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception wrong) when (wrong is SnapshotCorruptException or NewerFormatException)
        {
            throw new ToolException($"{store.Address}: {wrong.Message}", wrong is NewerFormatException ? ExitCodes.Refused : ExitCodes.Failed);
        }
    }
}
