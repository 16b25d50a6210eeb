using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Makes a collected checkpoint count: manifest, then entry. One at a time.</summary>
sealed class CheckpointWriter(CheckpointContext context, CheckpointBooks books, ManifestCache cache, AttemptId deployment)
{
    ToldTransactions _told = ToldTransactions.None;

    /// <summary>Writes and commits.</summary>
    /// <param name="attempt">With everything collected.</param>
    /// <param name="begunAt">When it began, by the leader's clock.</param>
    /// <param name="parents">Checkpoints whose packs may be named by some that are under way.</param>
    /// <param name="meter">Counts what is asked of the store.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StoreUnavailableException">The manifest could not be written; nothing was committed.</exception>
    /// <exception cref="LedgerFencedException">Whether it was committed is for the next leader to find out.</exception>
    public async ValueTask<CommittedSnapshot> CommitAsync(
        CheckpointAttempt attempt, DateTimeOffset begunAt, IReadOnlyCollection<long> parents, StoreMeter meter, CancellationToken cancellationToken)
    {
        await cache.LoadAsync(context.Ledger.State, meter, cancellationToken);
        _told = _told.Before(attempt.Barrier.Confirmed);
        CheckpointPage page = books.Open();
        // Taken before the manifest is assembled: what the ledger has heard of may be acknowledged while the manifest is written, and must not be owed again.
        HashSet<TransactionName> known = [.. context.Ledger.State.Owed.Select(TransactionName.Of)];
        SnapshotManifest manifest = Assemble(attempt, begunAt, page);
        SnapshotReference snapshot = await WriteAsync(manifest, meter, cancellationToken);
        cache.Add(snapshot, manifest);
        LedgerEvent.CheckpointCommitted committed = CheckpointDecision.Committed(attempt, snapshot, manifest, known);
        await context.Ledger.AppendAsync(
            state => CheckpointDecision.Entry(state, committed, page, parents, context.Options.Retained, cache.Find), meter, cancellationToken);
        _told = _told.With(attempt.Id, committed.Prepared.Select(TransactionName.Of));
        books.Close(page);
        cache.Trim(context.Ledger.State);
        return new(snapshot, manifest);
    }

    async ValueTask<SnapshotReference> WriteAsync(SnapshotManifest manifest, StoreMeter meter, CancellationToken cancellationToken)
    {
        bool isWritten = false;
        try
        {
            SnapshotReference snapshot = await context.Manifests.WriteAsync(manifest, meter, cancellationToken);
            isWritten = true;
            return snapshot;
        }
        finally
        {
            // Perhaps it is there all the same. No other checkpoint has this id in this deployment, so the name can go.
            if (!isWritten) books.Discard(SnapshotKeys.Manifest(manifest.Id, manifest.Attempt));
        }
    }

    SnapshotManifest Assemble(CheckpointAttempt attempt, DateTimeOffset begunAt, CheckpointPage page)
    {
        Barrier barrier = attempt.Barrier;
        SnapshotReference? parent = CheckpointDecision.Parent(context.Ledger.State, barrier, deployment);
        WorkerSnapshot[] parts = [.. attempt.Collected.Values];
        SnapshotManifest? before = parent is null ? null : cache.Find(parent);
        Invariant.That(parent is null || before is not null, "the manifest of a checkpoint of this deployment is at hand");
        return ManifestBuilder.Build(new()
        {
            Id = attempt.Id,
            Kind = SnapshotKind.Checkpoint,   // the savepoint is the copy in its own folder
            Job = context.Program.Job,
            Timeline = context.Ledger.State.Timeline,
            Attempt = deployment,
            Parent = before,
            ParentReference = parent,
            TakenAt = begunAt,
            IsDrained = attempt.IsFinal || barrier.IsDrain,
            Engine = context.Program.Engine,
            Fingerprint = context.Program.Fingerprint,
            Honoured = context.Program.Honoured,
            Operators = [.. Operators(parts)],
            Workers = [.. parts.Select(static part => new WorkerPart(part.Packs, [.. part.Operators.Select(Slice)]))],
            Owed = CheckpointDecision.Owed(context.Ledger.State.Owed, page, parts, _told),
        });
    }

    IEnumerable<OperatorDraft> Operators(WorkerSnapshot[] parts) =>
        from slice in parts.SelectMany(static part => part.Operators)
        group slice by slice.OperatorId into op
        orderby op.Key
        select new OperatorDraft(op.Key, context.Program.Verbs.GetValueOrDefault(op.Key, ""), op.First().Subtask.Parallelism);

    static SlicePart Slice(OperatorSlice slice) => new()
    {
        OperatorId = slice.OperatorId,
        Subtask = slice.Subtask.Index,
        Range = slice.Range,
        IsFinished = slice.IsFinished,
        Watermark = slice.Watermark,
        Ahead = slice.Ahead,
        States = slice.States,
    };
}

/// <summary>A checkpoint that counts.</summary>
/// <param name="Snapshot">Where its manifest is.</param>
/// <param name="Manifest">The manifest.</param>
sealed record CommittedSnapshot(SnapshotReference Snapshot, SnapshotManifest Manifest);
