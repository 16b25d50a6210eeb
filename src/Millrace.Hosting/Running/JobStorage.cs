using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Hosting;

/// <summary>The store that keeps the state of a job, and what a start of it asks for. Owns the store.</summary>
internal sealed class JobStorage : IAsyncDisposable
{
    readonly ObjectStores _stores;

    JobStorage(ObjectStores stores, StoreSurroundings surroundings, IListableStore store, StorageCommand command)
    {
        _stores = stores;
        Surroundings = surroundings;
        Store = store;
        Command = command;
    }

    /// <summary>Clock and chance.</summary>
    public StoreSurroundings Surroundings { get; }

    /// <summary>The store.</summary>
    public IListableStore Store { get; }

    /// <summary>What the command line says about it.</summary>
    public StorageCommand Command { get; }

    /// <summary>Opens the store; nothing is asked of it yet.</summary>
    /// <exception cref="UsageException">The address has an unknown scheme or option, or credentials are missing.</exception>
    public static async Task<JobStorage> OpenAsync(StorageCommand command, TimeProvider time, CancellationToken cancellationToken)
    {
        StoreSurroundings surroundings = new(time, NonceSource.FromSystem());
        ObjectStores stores = new ObjectStores(surroundings).AddS3();
        try
        {
            return new(stores, surroundings, await stores.OpenAsync(command.Address, cancellationToken).ConfigureAwait(false), command);
        }
        catch (Exception wrong) when (wrong is FormatException or StoreUnavailableException)
        {
            throw new UsageException($"{StorageOption.Storage}: {wrong.Message}");
        }
    }

    /// <summary>Finds out by trial whether the store does what is assumed of it.</summary>
    /// <exception cref="StoreNotConformantException">It does not; the message says what was seen.</exception>
    /// <exception cref="StoreUnavailableException">It refuses or does not answer.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken) =>
        (await new StoreProbe(Store, Surroundings.Time, Surroundings.Nonces).RunAsync(ProbeForm.Quick, cancellationToken).ConfigureAwait(false)).Require();

    /// <summary>What the engine is told.</summary>
    public DurableOptions Options() => new()
    {
        Store = Store,
        OpenStore = async (address, cancellationToken) => await _stores.OpenAsync(StoreAddress.Parse(address), cancellationToken).ConfigureAwait(false),
        SavepointRoot = Command.Savepoints.ToString(),
        StorageRoot = Command.Address.ToString(),
        Checkpoints = Command.Checkpoints,
        Packs = new() { Compression = Command.Compression ?? CompressionOf(Command.Address) },
        Restart = Command.Restart,
        From = Command.From,
        IsRewind = Command.IsRewind,
        AcceptsDuplicates = Command.AcceptsDuplicates,
        AcceptsDrained = Command.AcceptsDrained,
        IsClaim = Command.IsClaim,
        Drops = Command.Drops,
        InFlightDrops = Command.InFlightDrops,
        Renames = Command.Renames,
        Leader = $"{Environment.MachineName}-{Environment.ProcessId}",
    };

    /// <summary>How packs are compressed where nothing is said: a local disk takes rows faster than they can be compressed (decision 0009 has the numbers).</summary>
    internal static SnapshotCompression CompressionOf(StoreAddress address) =>
        address.Scheme == StoreAddress.FileScheme ? SnapshotCompression.None : SnapshotCompression.Fast;

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
