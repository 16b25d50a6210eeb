using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What <see cref="CheckpointCoordinator"/> and its parts record and do around a checkpoint: pure functions of the ledger's state, the state of
/// <see cref="CheckpointMachine"/>, and what the deployment has not recorded yet.
/// </summary>
static class CheckpointDecision
{
    /// <summary>
    /// Checkpoints that retention must spare besides: what is under way was begun on a parent, and what begins while this one is committed will be
    /// begun on the one before it.
    /// </summary>
    /// <param name="state">The checkpoints.</param>
    /// <param name="completing">The one that is about to be committed.</param>
    public static HashSet<long> Parents(CheckpointState state, CheckpointAttempt completing)
    {
        HashSet<long> parents = [.. state.InFlight.Where(attempt => attempt.Id != completing.Id).Select(attempt => attempt.Barrier.Confirmed)];
        if (state.Options.MaxConcurrent > 1) parents.Add(state.Confirmed);
        return parents;
    }

    /// <summary>The parent of a checkpoint: null for the first of a deployment, and for savepoints, which are written whole and name nothing of one.</summary>
    /// <exception cref="InvariantBrokenException">It is not retained any more: retention has not spared it.</exception>
    public static SnapshotReference? Parent(LedgerState state, Barrier barrier, AttemptId deployment)
    {
        if (barrier.IsSavepoint || barrier.Confirmed == 0) return null;
        SnapshotReference? parent = state.Retained.Select(static r => r.Snapshot).LastOrDefault(r => r.Id == barrier.Confirmed && r.Attempt == deployment);
        Invariant.That(parent is not null, "the parent of a checkpoint under way is retained");
        return parent;
    }

    /// <summary>What a manifest carries: everything that is not acknowledged, by the ledger before, or by the entry that comes with the manifest.</summary>
    /// <param name="owed">By the ledger.</param>
    /// <param name="page">What comes with the entry.</param>
    /// <param name="parts">Those of the checkpoint.</param>
    /// <param name="told">What entries of the deployment have named before.</param>
    public static List<OwedTransaction> Owed(
        IReadOnlyList<OwedTransaction> owed, CheckpointPage page, IEnumerable<WorkerSnapshot> parts, ToldTransactions told)
    {
        HashSet<TransactionName> seen = [.. page.Settled], before = [.. told.Names];
        IEnumerable<OwedTransaction> prepared = page.StrayTransactions.Concat(parts.SelectMany(static part => part.Operators).SelectMany(static slice => slice.Prepared))
            .Where(transaction => !before.Contains(TransactionName.Of(transaction)));
        return [.. owed.Concat(prepared).Where(transaction => seen.Add(TransactionName.Of(transaction)))];
    }

    /// <summary>The entry of a checkpoint: what was done since the last, the checkpoint, and what leaves retention with it.</summary>
    /// <param name="state">What the entry follows.</param>
    /// <param name="committed">The checkpoint.</param>
    /// <param name="page">What was done.</param>
    /// <param name="parents">As <see cref="Parents"/>.</param>
    /// <param name="retained">How many to keep; one or more.</param>
    /// <param name="manifests">Those of all retained and pinned snapshots, this one's included.</param>
    public static List<LedgerEvent> Entry(
        LedgerState state, LedgerEvent.CheckpointCommitted committed, CheckpointPage page, IReadOnlyCollection<long> parents, int retained,
        Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        List<LedgerEvent> events = [.. page.Events(), committed];
        SnapshotReference[] all = [.. state.Retained.Select(static r => r.Snapshot), committed.Snapshot];
        if (Retention.Plan(all, state.Pins, parents, retained, manifests) is { } doomed) events.Add(doomed);
        return events;
    }

    /// <summary>What an entry says of a checkpoint.</summary>
    /// <param name="attempt">The checkpoint, with everything collected.</param>
    /// <param name="snapshot">Its manifest.</param>
    /// <param name="manifest">The same.</param>
    /// <param name="known">What the ledger was owed before the manifest was assembled: it may be acknowledged by now.</param>
    public static LedgerEvent.CheckpointCommitted Committed(
        CheckpointAttempt attempt, SnapshotReference snapshot, SnapshotManifest manifest, IReadOnlySet<TransactionName> known)
    {
        SourcePosition[] positions =
        [
            .. from op in manifest.Operators
               from entry in op.States
               where entry.Schema.Layout == StateLayout.Split
               from item in entry.Items
               select new SourcePosition(op.Id, item.Text),
        ];
        bool isStop = attempt.Request is { Purpose: CheckpointPurpose.Stop };
        return new(
            snapshot, attempt.Barrier.IsSavepoint || isStop ? SnapshotKind.Savepoint : SnapshotKind.Checkpoint,
            manifest.TakenAt, manifest.Watermark, attempt.Collected.Values.SelectMany(static part => part.Packs).Sum(static pack => pack.Length),
            positions, [.. manifest.Owed.Where(owed => !known.Contains(TransactionName.Of(owed)))], attempt.Request?.Target, isStop, attempt.IsFinal, manifest.IsDrained);
    }

    /// <summary>What is owed and was not committed by this deployment yet, in the order it was prepared.</summary>
    public static OwedTransaction[] Uncommitted(LedgerState state, IReadOnlySet<TransactionName> committed) =>
        [.. state.Owed.Where(transaction => !committed.Contains(TransactionName.Of(transaction)))];

    /// <summary>What is doomed and was not deleted by this deployment yet.</summary>
    public static string[] Undeleted(LedgerState state, CheckpointPage page)
    {
        HashSet<string> gone = [.. page.Swept];
        return [.. state.Doomed.Where(key => !gone.Contains(key))];
    }

    /// <summary>The events of a savepoint that is complete. Copying may take longer than retention lasts; then the pin was all that kept the checkpoint.</summary>
    /// <param name="state">What the entry follows.</param>
    /// <param name="snapshot">The checkpoint.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="manifests">Those of all retained and pinned snapshots.</param>
    public static IEnumerable<LedgerEvent> Gathered(
        LedgerState state, SnapshotReference snapshot, SavepointFolder folder, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        yield return new LedgerEvent.SavepointTaken(snapshot, folder.Recorded, folder.Sha256);
        SnapshotReference[] kept =
        [
            .. state.Retained.Select(static r => r.Snapshot),
            .. state.Pins.Where(pin => pin.Snapshot != snapshot || pin.Reason != LedgerFold.Gathering).Select(static pin => pin.Snapshot),
        ];
        if (!kept.Contains(snapshot) && Retention.Keys([snapshot], kept, manifests) is { } keys) yield return new LedgerEvent.Doomed([], keys);
    }

    /// <summary>
    /// Checkpoints that were under way when the tasks went and are in no entry: what came in of them is garbage, and what tasks are still writing for
    /// them is closed. After a failure <see cref="CheckpointMachine"/> has not heard that the tasks are gone.
    /// </summary>
    public static IEnumerable<CheckpointAttempt> LeftUnderWay(CheckpointState state, LedgerState ledger) =>
        state.InFlight.Where(attempt => ledger.Retained.All(r => r.Snapshot.Id != attempt.Id));

    /// <summary>The entry that ends a job.</summary>
    /// <param name="state">What the entry follows.</param>
    /// <param name="end">Stopped, cancelled, interrupted, finished or failed.</param>
    /// <param name="page">What was done.</param>
    /// <param name="options">Whether checkpoints are kept.</param>
    /// <param name="manifests">Those of all retained and pinned snapshots.</param>
    public static List<LedgerEvent> End(
        LedgerState state, LedgerEvent end, CheckpointPage page, CheckpointOptions options, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        List<LedgerEvent> events = [.. page.Events(), end];
        if (!IsRetained(end, options) && Retention.Plan([.. state.Retained.Select(static r => r.Snapshot)], state.Pins, [], 0, manifests) is { } doomed) events.Add(doomed);
        return events;
    }

    /// <summary>Whether checkpoints are kept at an end: otherwise all manifests are needed to know what goes.</summary>
    public static bool IsRetained(LedgerEvent end, CheckpointOptions options) => end switch
    {
        LedgerEvent.Cancelled => options.IsRetainedOnCancel,
        LedgerEvent.Failed => options.IsRetainedOnFailure,
        _ => true,
    };

    /// <summary>Whether an end waits until sinks have committed everything owed.</summary>
    public static bool IsSettledFirst(LedgerEvent end) => end is LedgerEvent.Stopped or LedgerEvent.Cancelled or LedgerEvent.Finished;
}
