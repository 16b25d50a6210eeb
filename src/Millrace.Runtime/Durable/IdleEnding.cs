using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// The end of a job that is asked for between two deployments, when nothing runs: the same as that of one that runs (<see cref="CheckpointCoordinator.EndAsync"/>). What is owed is committed
/// before an end that is for good, and checkpoints are kept or let go of as the options say.
/// </summary>
static class IdleEnding
{
    /// <summary>Records it.</summary>
    /// <param name="ledger">The ledger, led by this process.</param>
    /// <param name="end">Interrupted or cancelled.</param>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="options">Whether checkpoints are kept.</param>
    /// <param name="commits">The sinks.</param>
    /// <exception cref="SinkFailedException">A sink could not commit what it is owed; nothing was recorded, and the job can be ended again.</exception>
    /// <exception cref="LedgerFencedException">This process leads no longer; nothing was recorded.</exception>
    public static async Task RecordAsync(Ledger ledger, LedgerEvent end, IObjectStore folder, CheckpointOptions options, IOwedCommits commits)
    {
        if (CheckpointDecision.IsSettledFirst(end)) await OwedSettlement.SettleAsync(ledger, commits, [], CancellationToken.None).ConfigureAwait(false);
        ManifestCache cache = ManifestCache.Over(folder);
        // What is kept need not be read for it: whoever interrupts a job whose store is slow would wait for nothing.
        if (!CheckpointDecision.IsRetained(end, options)) await cache.LoadAsync(ledger.State, CancellationToken.None).ConfigureAwait(false);
        CheckpointPage nothing = UnrecordedDeeds.None.Open();
        await ledger.AppendAsync(state => CheckpointDecision.End(state, end, nothing, options, cache.Find), CancellationToken.None).ConfigureAwait(false);
        await new SnapshotCleaner(folder, new LedgerKeys("")).ResumeAsync(ledger, CancellationToken.None).ConfigureAwait(false);
    }
}
