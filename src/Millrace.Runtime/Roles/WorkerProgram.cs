using Millrace.Runtime.Durable;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.Storage;

namespace Millrace.Runtime.Roles;

/// <summary>What a worker runs, and with what. Thread-safe.</summary>
/// <param name="Graph">The job.</param>
/// <param name="Options">How it is run here: clock, threads, services.</param>
/// <param name="Durable">Where its state is.</param>
/// <param name="Folder">The folder of the job in the store.</param>
/// <param name="Fingerprint">Tells its operators and states from those of other programs.</param>
/// <param name="SchedulerOf">Makes the scheduler of tasks.</param>
sealed record WorkerProgram(
    JobGraph Graph, EmbeddedOptions Options, DurableOptions Durable, IObjectStore Folder, string Fingerprint,
    Func<IReadOnlyList<StreamTask>, ITaskScheduler> SchedulerOf)
{
    /// <summary>What the leader in this process has open already; null where there is none, or it is elsewhere.</summary>
    public Func<RestorePoint?> Opened { get; init; } = static () => null;

    /// <summary>Opens what is to be restored.</summary>
    /// <exception cref="ObjectMissingException">It is gone.</exception>
    /// <exception cref="State.Snapshots.SnapshotCorruptException">It is damaged.</exception>
    public async ValueTask<RestorePoint?> FindAsync(RestoreOrder? order, CancellationToken cancellationToken)
    {
        if (order is null) return null;
        if (Opened() is { } opened && opened.Order == order) return opened;
        SnapshotFinder finder = new(Folder, Durable);
        return order switch
        {
            RestoreOrder.Own own => await finder.OpenAsync(own.Snapshot, cancellationToken).ConfigureAwait(false),
            RestoreOrder.Folder folder => await finder.OpenAsync(folder.Address, folder.Sha256, cancellationToken).ConfigureAwait(false),
            _ => throw new System.Diagnostics.UnreachableException($"nothing is restored from {order}"),
        };
    }

    /// <summary>Closes what was opened; what the leader has open is the leader's.</summary>
    public ValueTask ReleaseAsync(RestorePoint from) => ReferenceEquals(from, Opened()) ? default : from.DisposeAsync();
}
