using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Makes a collected checkpoint count: manifest, then entry. One at a time.</summary>
sealed class CheckpointWriter(CheckpointContext context, CheckpointBooks books, ManifestCache cache, AttemptId deployment)
{
    // What entries of this deployment have named as owed: parts of finished tasks repeat it until they hear that a checkpoint that has it was
    // confirmed, and it may be acknowledged before that. By checkpoint, so that it is forgotten.
    readonly SortedDictionary<long, IReadOnlyList<TransactionName>> _told = [];

    // Parts of checkpoints that failed may come late.
    const int ToldMin = 16;

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
        foreach (long old in _told.Keys.Where(id => id <= attempt.Barrier.Confirmed).SkipLast(ToldMin).ToArray()) _told.Remove(old);
        CheckpointPage page = books.Open();
        // Taken before the manifest is assembled: what the ledger has heard of may be acknowledged while the manifest is written, and must not be owed again.
        HashSet<TransactionName> known = [.. context.Ledger.State.Owed.Select(TransactionName.Of)];
        SnapshotManifest manifest = Assemble(attempt, begunAt, page);
        SnapshotReference snapshot = await WriteAsync(manifest, meter, cancellationToken);
        cache.Add(snapshot, manifest);
        await context.Ledger.AppendAsync(state => Events(state, attempt, snapshot, manifest, known, page, parents), meter, cancellationToken);
        _told[attempt.Id] = [.. manifest.Owed.Select(TransactionName.Of).Where(name => !known.Contains(name))];
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
        // Savepoints are written whole, and so is the first checkpoint of a deployment: they name nothing of a parent.
        SnapshotReference? parent = barrier.IsSavepoint || barrier.Confirmed == 0 ? null
            : context.Ledger.State.Retained.Select(r => r.Snapshot).LastOrDefault(r => r.Id == barrier.Confirmed && r.Attempt == deployment);
        Invariant.That(parent is not null || barrier.IsSavepoint || barrier.Confirmed == 0, "the parent of a checkpoint under way is retained");
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
            Owed = Owed(page, parts),
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

    /// <summary>Everything that is not acknowledged: by the ledger before, or by the entry that comes with this manifest.</summary>
    List<OwedTransaction> Owed(CheckpointPage page, WorkerSnapshot[] parts)
    {
        HashSet<TransactionName> seen = [.. page.Settled], told = [.. _told.Values.SelectMany(static names => names)];
        IEnumerable<OwedTransaction> prepared = page.StrayTransactions.Concat(parts.SelectMany(part => part.Operators).SelectMany(slice => slice.Prepared))
            .Where(transaction => !told.Contains(TransactionName.Of(transaction)));
        return [.. context.Ledger.State.Owed.Concat(prepared).Where(owed => seen.Add(TransactionName.Of(owed)))];
    }

    IReadOnlyList<LedgerEvent> Events(
        LedgerState state, CheckpointAttempt attempt, SnapshotReference snapshot, SnapshotManifest manifest, HashSet<TransactionName> known,
        CheckpointPage page, IReadOnlyCollection<long> parents)
    {
        SourcePosition[] positions =
        [
            .. from op in manifest.Operators
               from entry in op.States
               where entry.Schema.Layout == StateLayout.Split
               from item in entry.Items
               select new SourcePosition(op.Id, item.Text),
        ];
        var committed = new LedgerEvent.CheckpointCommitted(
            snapshot, attempt.Barrier.IsSavepoint || IsDrainedStop(attempt) ? SnapshotKind.Savepoint : SnapshotKind.Checkpoint,
            manifest.TakenAt, manifest.Watermark, attempt.Collected.Values.SelectMany(part => part.Packs).Sum(pack => pack.Length),
            positions, [.. manifest.Owed.Where(owed => !known.Contains(TransactionName.Of(owed)))],
            attempt.Request?.Target, attempt.Purpose == CheckpointPurpose.Stop, attempt.IsFinal, manifest.IsDrained);
        List<LedgerEvent> events = [.. page.Events(), committed];
        SnapshotReference[] retained = [.. state.Retained.Select(r => r.Snapshot), snapshot];
        if (Retention.Plan(retained, state.Pins, parents, context.Options.Retained, cache.Find) is { } doomed) events.Add(doomed);
        return events;
    }

    static bool IsDrainedStop(CheckpointAttempt attempt) => attempt.Request is { Purpose: CheckpointPurpose.Stop };
}

/// <summary>A checkpoint that counts.</summary>
/// <param name="Snapshot">Where its manifest is.</param>
/// <param name="Manifest">The manifest.</param>
sealed record CommittedSnapshot(SnapshotReference Snapshot, SnapshotManifest Manifest);
