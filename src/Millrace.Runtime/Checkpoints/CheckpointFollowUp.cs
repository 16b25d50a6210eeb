using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>What is done after a checkpoint was committed: sinks, deletions, the copy of a savepoint. One checkpoint at a time, in order.</summary>
sealed class CheckpointFollowUp(CheckpointContext context, CheckpointBooks books, ManifestCache cache, SnapshotCleaner cleaner)
{
    readonly HashSet<TransactionName> _committed = [];

    /// <summary>Does it.</summary>
    /// <returns>The savepoint's folder; null for a checkpoint.</returns>
    public async ValueTask<FollowUpResult> RunAsync(CheckpointAttempt attempt, SnapshotReference snapshot, CheckpointMeters meters, CancellationToken cancellationToken)
    {
        long started = context.Time.GetTimestamp();
        int transactions = await CommitAsync(cancellationToken);
        TimeSpan committing = Lap(ref started);
        int deleted = await DeleteAsync(meters.Cleaning, cancellationToken);
        TimeSpan cleaning = Lap(ref started);
        if (attempt.Request is not { Purpose: CheckpointPurpose.Savepoint or CheckpointPurpose.Stop } request)
            return new FollowUpResult(null, null, transactions, deleted, committing, cleaning, TimeSpan.Zero);
        SavepointFolder? folder = null;
        string? why = null;
        try
        {
            folder = await GatherAsync(snapshot, request.Target, meters.Gathering, cancellationToken);
        }
        catch (SavepointFailedException failure) when (request.Purpose == CheckpointPurpose.Savepoint)
        {
            // The job needs no savepoint to go on; a stop does.
            why = $"{failure.Message}. The checkpoint stays pinned, and the next start of the job tries again";
        }

        return new FollowUpResult(folder, why, transactions, deleted, committing, cleaning, Lap(ref started));
    }

    /// <summary>Commits what is owed and was not committed by this deployment yet.</summary>
    public async ValueTask<int> CommitAsync(CancellationToken cancellationToken)
    {
        LedgerState state = context.Ledger.State;
        // What the ledger acknowledges need not be remembered.
        _committed.IntersectWith(state.Owed.Select(TransactionName.Of));
        OwedTransaction[] owed = CheckpointDecision.Uncommitted(state, _committed);
        await OwedSettlement.CommitAsync(owed, context.Commits, books.Settle, cancellationToken);
        _committed.UnionWith(owed.Select(TransactionName.Of));
        return owed.Length;
    }

    /// <summary>Deletes what is doomed; that it is gone rides with the next entry.</summary>
    public async ValueTask<int> DeleteAsync(StoreMeter meter, CancellationToken cancellationToken)
    {
        string[] doomed = CheckpointDecision.Undeleted(context.Ledger.State, books.Open());
        await cleaner.DeleteAsync(doomed, context.Ledger.Claim.Term, meter, cancellationToken);
        books.Sweep(doomed);
        return doomed.Length;
    }

    /// <summary>Copies a pinned checkpoint into its folder and records that it is complete.</summary>
    public async ValueTask<SavepointFolder> GatherAsync(SnapshotReference snapshot, string? target, StoreMeter meter, CancellationToken cancellationToken)
    {
        ISavepointCopy copy = context.Savepoints ?? throw new InvalidOperationException("the job was given nowhere to gather savepoints");
        SavepointFolder folder = await copy.CopyAsync(snapshot, target, meter, cancellationToken);
        await cache.LoadAsync(context.Ledger.State, meter, cancellationToken);
        CheckpointPage page = books.Open();
        await context.Ledger.AppendAsync(state => [.. page.Events(), .. CheckpointDecision.Gathered(state, snapshot, folder, cache.Find)], meter, cancellationToken);
        books.Close(page);
        return folder;
    }

    TimeSpan Lap(ref long started)
    {
        long now = context.Time.GetTimestamp();
        TimeSpan lap = context.Time.GetElapsedTime(started, now);
        started = now;
        return lap;
    }
}

/// <summary>What was done after a commit, and how long it took.</summary>
sealed record FollowUpResult(SavepointFolder? Folder, string? NotGathered, int Transactions, int Deleted, TimeSpan Committing, TimeSpan Cleaning, TimeSpan Gathering);
