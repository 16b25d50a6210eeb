using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>A change of what is kept, as people ask for it. A closed set; immutable.</summary>
public abstract record LedgerEdit
{
    /// <summary>In place of an id: the newest checkpoint, whichever that is when the edit is recorded.</summary>
    public const long Newest = 0;

    LedgerEdit() { }

    /// <summary>Keeps a checkpoint whatever retention says.</summary>
    /// <param name="Checkpoint">Its id, or <see cref="Newest"/>.</param>
    /// <param name="Reason">For people.</param>
    public sealed record Pin(long Checkpoint, string Reason) : LedgerEdit;

    /// <summary>Keeps a checkpoint for another job, which reads it. Idempotent.</summary>
    /// <param name="Checkpoint">Its id.</param>
    /// <param name="Reason">For people: which job.</param>
    /// <param name="Borrower">Names the pin: chance of that job.</param>
    public sealed record Borrow(long Checkpoint, string Reason, string Borrower) : LedgerEdit;

    /// <summary>The other job is done with it: its pin ends. A checkpoint that nothing else keeps is deleted. Idempotent.</summary>
    /// <param name="Checkpoint">Its id.</param>
    /// <param name="Borrower">Names the pin.</param>
    public sealed record Return(long Checkpoint, string Borrower) : LedgerEdit;

    /// <summary>Ends the pins of a checkpoint, those of other jobs that read it included. One that is not retained either is deleted.</summary>
    /// <param name="Checkpoint">Its id, or <see cref="Newest"/>.</param>
    public sealed record Unpin(long Checkpoint) : LedgerEdit;

    /// <summary>Deletes a checkpoint that is not pinned. Never one that a job that can go on goes on from.</summary>
    /// <param name="Checkpoint">Its id, or <see cref="Newest"/>.</param>
    public sealed record Dispose(long Checkpoint) : LedgerEdit;

    /// <summary>A savepoint is about to be deleted by whoever asks. Never one that a job that can go on would go on from. Idempotent.</summary>
    /// <param name="Address">Its folder: a URL with everything in it.</param>
    public sealed record DisposeSavepoint(string Address) : LedgerEdit
    {
        /// <summary>Its folder as the ledger has it, perhaps relatively to the storage.</summary>
        public string Recorded { get; init; } = Address;
    }
}

/// <summary>What came of an edit.</summary>
/// <param name="IsDone">Whether it was recorded.</param>
/// <param name="Text">A sentence.</param>
public sealed record LedgerEditOutcome(bool IsDone, string Text);

/// <summary>Records what people change by hand, and deletes what nobody needs any more then.</summary>
public static class LedgerEdits
{
    // A live job may build its next checkpoint on the one before, and on the one before that while both are under way.
    const int NewestNeeded = 2;
    const int RoundsMax = 20;
    const string Unreadable = "a checkpoint that is kept could not be read, so it is not known which files it needs; verify the others, or try again";

    /// <summary>Applies an edit: recorded first, then done. Repeated after a crash, it finds what is left.</summary>
    /// <param name="ledger">The ledger, led by this process.</param>
    /// <param name="store">The folder of the job.</param>
    /// <param name="edit">The edit.</param>
    /// <param name="cancellationToken">Cancels; what was recorded is finished by the next leader.</param>
    /// <exception cref="LedgerFencedException">This process leads no longer.</exception>
    /// <exception cref="StoreUnavailableException">The store refused.</exception>
    public static async ValueTask<LedgerEditOutcome> ApplyAsync(Ledger ledger, IObjectStore store, LedgerEdit edit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ManifestCache manifests = ManifestCache.Over(store);
        int round = 0;
        // A pin deletes nothing, so nobody's files matter.
        bool deletesNothing = edit is LedgerEdit.Pin or LedgerEdit.Borrow or LedgerEdit.DisposeSavepoint;
        LedgerEditOutcome outcome = new(false, "");
        LedgerPosition? entry;
        bool isOvertaken;
        do
        {
            if (!deletesNothing) await manifests.LoadAsync(ledger.State, cancellationToken).ConfigureAwait(false);
            isOvertaken = false;
            entry = await ledger.AppendAsync(
                state =>
                {
                    (IReadOnlyList<LedgerEvent> events, outcome) = Decide(state, edit, manifests.Find);
                    // A checkpoint was taken since they were loaded: it is not unreadable, it was not read.
                    isOvertaken = !outcome.IsDone && !deletesNothing && !manifests.HasAll(state);
                    return events;
                },
                cancellationToken).ConfigureAwait(false);
        }
        while (isOvertaken && ++round < RoundsMax);
        if (entry is not null && !deletesNothing) await new SnapshotCleaner(store, ledger.Keys).ResumeAsync(ledger, cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>What an edit comes to. Pure.</summary>
    /// <param name="state">The ledger.</param>
    /// <param name="edit">The edit.</param>
    /// <param name="manifests">Those of all retained and pinned snapshots; null where it cannot be read.</param>
    public static (IReadOnlyList<LedgerEvent> Events, LedgerEditOutcome Outcome) Decide(
        LedgerState state, LedgerEdit edit, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        ArgumentNullException.ThrowIfNull(state);
        return edit switch
        {
            LedgerEdit.Pin pin => Find(state, pin.Checkpoint) is not { } found ? Unknown(state, pin.Checkpoint)
                : Done($"checkpoint {found.Id} is pinned", new LedgerEvent.Pinned(found, pin.Reason)),
            LedgerEdit.Borrow borrow => Find(state, borrow.Checkpoint) is not { } found ? Unknown(state, borrow.Checkpoint)
                : Done($"checkpoint {borrow.Checkpoint} is pinned for who reads it",
                    state.Pins.Any(p => p.Borrower == borrow.Borrower) ? [] : [new LedgerEvent.Pinned(found, borrow.Reason, borrow.Borrower)]),
            LedgerEdit.Return back => Return(state, back, manifests),
            LedgerEdit.Unpin unpin => Remove(state, unpin.Checkpoint, isUnpin: true, manifests),
            LedgerEdit.Dispose dispose => Remove(state, dispose.Checkpoint, isUnpin: false, manifests),
            LedgerEdit.DisposeSavepoint dispose => DisposeSavepoint(state, dispose),
            _ => throw new System.Diagnostics.UnreachableException($"no such edit: {edit}"),
        };
    }

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) Return(LedgerState state, LedgerEdit.Return back, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        // Somebody may have ended the pin by hand, or it was never made: what was to be is so.
        if (state.Pins.FirstOrDefault(p => p.Borrower == back.Borrower) is not { } pin) return Done($"checkpoint {back.Checkpoint} is not pinned for who read it");
        LedgerEvent.Unpinned unpinned = new(pin.Snapshot, back.Borrower);
        SnapshotReference[] kept = [.. state.Retained.Select(static r => r.Snapshot).Concat(state.Pins.Where(p => p != pin).Select(static p => p.Snapshot)).Distinct()];
        if (kept.Contains(pin.Snapshot)) return Done($"checkpoint {back.Checkpoint} was read, and is kept for other reasons", unpinned);
        return Retention.Keys([pin.Snapshot], kept, manifests) is { } keys
            ? Done($"checkpoint {back.Checkpoint} was read, and is deleted: {keys.Count} files", unpinned, new LedgerEvent.Doomed([pin.Snapshot], keys))
            : Refused(Unreadable);
    }

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) Remove(LedgerState state, long id, bool isUnpin, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        if (Find(state, id) is not { } snapshot) return Unknown(state, id);
        id = snapshot.Id;
        SnapshotPin[] pins = [.. state.Pins.Where(p => p.Snapshot == snapshot)];
        if (isUnpin && pins.Length == 0) return Refused($"checkpoint {id} is not pinned");
        if (Array.Exists(pins, static p => p.Reason == LedgerFold.Gathering)) return Refused($"checkpoint {id} is being gathered for a savepoint; try again when that is complete");
        if (!isUnpin && pins.Length > 0) return Refused($"checkpoint {id} is pinned ({string.Join("; ", pins.Select(static p => p.Reason))}): unpin it first, and dispose of it then if it is retained still");
        bool isRetained = state.Retained.Any(r => r.Snapshot == snapshot);
        if (isUnpin && isRetained) return Done($"checkpoint {id} is left to retention", new LedgerEvent.Unpinned(snapshot));
        if (Needed(state, snapshot) is { } why) return Refused(why);
        SnapshotReference[] kept =
        [
            .. state.Kept.Where(s => s != snapshot),
        ];
        if (Retention.Keys([snapshot], kept, manifests) is not { } keys)
            return Refused(Unreadable);
        LedgerEvent.Doomed doomed = new([snapshot], keys);
        LedgerEvent[] events = pins.Length == 0 ? [doomed] : [new LedgerEvent.Unpinned(snapshot), doomed];
        return Done($"checkpoint {id} is deleted: {keys.Count} files{Repeats(state, snapshot)}", events);
    }

    // What sinks have committed stays, and the newest checkpoint was what a start could go on from without writing any of it again.
    static string Repeats(LedgerState state, SnapshotReference deleted)
    {
        if (state.Latest?.Snapshot != deleted || state.CommittedUpTo == 0) return "";
        RetainedCheckpoint? older = state.Retained.LastOrDefault(r => r.Snapshot != deleted);
        if (older?.Snapshot.Id >= state.CommittedUpTo) return "";
        string next = older is null ? "there is no other" : $"the newest is checkpoint {older.Snapshot.Id} now";
        return $". Sinks have committed output up to checkpoint {state.CommittedUpTo}, and {next}: a start from less than that writes output again, and needs --accept-duplicates";
    }

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) DisposeSavepoint(LedgerState state, LedgerEdit.DisposeSavepoint dispose)
    {
        bool IsMeant(string? address) => address is not null && (address == dispose.Address || address == dispose.Recorded);
        if (state.IsLive && state.Latest is null && state.Origin is TimelineOrigin.Folder origin && IsMeant(origin.Address))
        {
            return Refused($"the job began with {dispose.Address} and has no checkpoint of its own yet, so it could not go on without it: wait for its first checkpoint, cancel it, "
                + "or start it from something else with --rewind");
        }

        if (IsMeant(state.Stop?.Savepoint)) return Refused($"the job is being stopped with {dispose.Address}; try again when that is done");
        return state.Savepoints.FirstOrDefault(s => IsMeant(s.Address)) is { } savepoint
            ? Done($"savepoint {savepoint.Id} is not the job's any more", new LedgerEvent.SavepointDisposed(savepoint.Address))
            : Done($"the job has no savepoint at {dispose.Address}, or not any more");
    }

    static string? Needed(LedgerState state, SnapshotReference snapshot)
    {
        if (!state.IsLive) return null;
        bool isOrigin = state.Retained.Count == 0 && state.Origin is TimelineOrigin.Own own && own.Snapshot == snapshot;
        return isOrigin || state.Retained.TakeLast(NewestNeeded).Any(r => r.Snapshot == snapshot)
            ? $"the job goes on from checkpoint {snapshot.Id}, or builds the next one on it; stop or cancel the job first"
            : null;
    }

    static SnapshotReference? Find(LedgerState state, long id) => id == LedgerEdit.Newest ? state.Latest?.Snapshot :
        state.Kept.FirstOrDefault(s => s.Id == id);

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) Done(string text, params IReadOnlyList<LedgerEvent> events) => (events, new(true, text));

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) Refused(string text) => ([], new(false, text));

    static (IReadOnlyList<LedgerEvent>, LedgerEditOutcome) Unknown(LedgerState state, long id)
    {
        IEnumerable<long> known = state.Kept.Select(static s => s.Id).Distinct().Order();
        return Refused($"the job keeps no checkpoint{(id == LedgerEdit.Newest ? "" : $" {id}")}; it keeps {(known.Any() ? string.Join(", ", known) : "none")}");
    }
}
