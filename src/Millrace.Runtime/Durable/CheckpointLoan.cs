using System.Globalization;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// Checkpoints of other jobs that a start begins with: pinned there before a task reads them, until this job has a checkpoint of its own. What is borrowed is
/// in this job's ledger first, so that a crash in between leaves no pin that nobody ends. Thread-safe.
/// </summary>
/// <param name="job">The name of this job.</param>
/// <param name="durable">How to open folders, how to ask, and who is told.</param>
/// <param name="options">Clock and chance.</param>
sealed class CheckpointLoan(string job, DurableOptions durable, EmbeddedOptions options) : IDisposable
{
    readonly SemaphoreSlim _turn = new(1, 1);   // one return at a time: several ends may ask for it

    /// <summary>Refuses a checkpoint that its job may delete while it is read. Changes nothing.</summary>
    /// <param name="point">What is started from.</param>
    /// <param name="nonce">That of the newest claim to this job, whose own checkpoints need nobody else; null when there is none.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StartRefusedException">The job does not keep it, or cannot be asked to.</exception>
    public async ValueTask RequireAsync(RestorePoint point, string? nonce, CancellationToken cancellationToken)
    {
        if (!IsOfAJob(point)) return;
        Lender lender = LenderOf(point);
        if (await lender.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } view) return;
        RequireKept(point, view.State);
        if (view.Claim.Nonce == nonce || IsPinnedByHand(point, view.State)) return;
        if (await lender.AskAsync(view, cancellationToken).ConfigureAwait(false) is LeaderAnswer.Silent silent) throw Unreachable(point, view, silent.Why);
    }

    /// <summary>Has a checkpoint of another job pinned there.</summary>
    /// <param name="own">The ledger of this job, which it leads.</param>
    /// <param name="point">What is started from.</param>
    /// <param name="cancellationToken">Cancels; what was begun is ended by the next start.</param>
    /// <returns>The checkpoint, when it is one of this job's own, which its own ledger keeps; null otherwise.</returns>
    /// <exception cref="StartRefusedException">The job does not keep it, or cannot be asked to.</exception>
    public async ValueTask<SnapshotReference?> TakeAsync(Ledger own, RestorePoint point, CancellationToken cancellationToken)
    {
        if (!IsOfAJob(point)) return null;
        Lender lender = LenderOf(point);
        if (await lender.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } view) return null;
        if (view.Claim.Nonce == own.Claim.Nonce) return RequireKept(point, own.State);
        RequireKept(point, view.State);
        BorrowedCheckpoint borrowed = new(RecordedAddress.Of(point.Address, durable.StorageRoot), point.Manifest.Job, point.Manifest.Id, options.Nonces.NextName());
        await own.AppendAsync([new LedgerEvent.Borrowed(borrowed)], cancellationToken).ConfigureAwait(false);
        LedgerEdit.Borrow pin = new(borrowed.Id, $"read by job {job} of {durable.Store.Address}, until that has a checkpoint of its own", borrowed.Borrower);
        LeaderAnswer answer = await lender.ChangeAsync(pin, state => state.Pins.Any(p => p.Borrower == borrowed.Borrower), cancellationToken).ConfigureAwait(false);
        if (answer is LeaderAnswer.Done)
        {
            durable.Tell($"checkpoint {borrowed.Id} of job {borrowed.Job} is pinned there until this job has one of its own");
            return null;
        }

        await ReturnAsync(own, borrowed, cancellationToken).ConfigureAwait(false);
        if (answer is LeaderAnswer.Refused refused) throw new StartRefusedException($"checkpoint {borrowed.Id} of job {borrowed.Job} cannot be kept while it is read: {refused.Why}");
        if (!IsPinnedByHand(point, view.State)) throw Unreachable(point, view, ((LeaderAnswer.Silent)answer).Why);
        durable.Tell($"checkpoint {borrowed.Id} of job {borrowed.Job} was pinned by hand: unpin it when this job has a checkpoint of its own");
        return null;
    }

    /// <summary>Ends the pins this job does not need any more. What cannot be ended now is told, and tried again at the next start.</summary>
    /// <param name="own">The ledger of this job, which it leads.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LedgerFencedException">This process does not lead the job any more; the next leader goes on.</exception>
    public async ValueTask ReturnAsync(Ledger own, CancellationToken cancellationToken)
    {
        if (own.State.Borrowed.Count == 0) return;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (BorrowedCheckpoint borrowed in own.State.Borrowed.Where(b => !IsNeeded(own.State, b)).ToArray())
                await ReturnAsync(own, borrowed, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether the job would read a checkpoint again if its tasks were deployed now.</summary>
    internal static bool IsNeeded(LedgerState state, BorrowedCheckpoint borrowed) =>
        state.IsLive && state.Latest is null && state.Origin is TimelineOrigin.Folder origin && origin.Address == borrowed.Address;

    public void Dispose() => _turn.Dispose();

    async ValueTask ReturnAsync(Ledger own, BorrowedCheckpoint borrowed, CancellationToken cancellationToken)
    {
        LeaderAnswer answer = await TryReturnAsync(borrowed, cancellationToken).ConfigureAwait(false);
        string? why = answer switch
        {
            LeaderAnswer.Refused refused => refused.Why,
            LeaderAnswer.Silent silent => silent.Why,
            _ => null,
        };
        if (why is null) await own.AppendAsync([new LedgerEvent.Returned(borrowed.Borrower)], cancellationToken).ConfigureAwait(false);
        else durable.Tell($"checkpoint {borrowed.Id} of job {borrowed.Job} stays pinned there, though this job does not need it any more: {why}. The next start tries again; or unpin it by hand");
    }

    async ValueTask<LeaderAnswer> TryReturnAsync(BorrowedCheckpoint borrowed, CancellationToken cancellationToken)
    {
        try
        {
            IObjectStore store = await durable.OpenStore(SnapshotKeys.Locate(RecordedAddress.Resolve(borrowed.Address, durable.StorageRoot)).Root, cancellationToken).ConfigureAwait(false);
            await using (store.ConfigureAwait(false))
            {
                Lender lender = new(store, borrowed.Job, job, durable, options);
                return await lender.ChangeAsync(
                    new LedgerEdit.Return(borrowed.Id, borrowed.Borrower), state => state.Pins.All(p => p.Borrower != borrowed.Borrower), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception wrong) when (wrong is StoreUnavailableException or FormatException or LedgerRefusedException or LedgerCorruptException or LedgerTooNewException)
        {
            return new LeaderAnswer.Silent(wrong.Message);
        }
    }

    // A savepoint is whole, and whoever has its folder keeps it; the files of a checkpoint are those of its job.
    static bool IsOfAJob(RestorePoint point) => point.Manifest.Kind == SnapshotKind.Checkpoint && point.OwnedStore is not null;

    static bool IsPinnedByHand(RestorePoint point, LedgerState state) => state.Pins.Any(p => p.Snapshot.Key == point.Reader.Key && p.Borrower is null && p.Target is null);

    static SnapshotReference RequireKept(RestorePoint point, LedgerState state) =>
        state.Kept.FirstOrDefault(s => s.Key == point.Reader.Key) ?? throw new StartRefusedException(
            $"job {point.Manifest.Job} does not keep checkpoint {point.Manifest.Id} any more, and may be deleting its files: start from one that it keeps "
            + $"({string.Join(", ", state.Kept.Select(static s => s.Id.ToString(CultureInfo.InvariantCulture)).DefaultIfEmpty("there is none"))}), or from a savepoint");

    static StartRefusedException Unreachable(RestorePoint point, LedgerView view, string why)
    {
        string leader = view.Claim.Leader.Length > 0 ? view.Claim.Leader : "another process";
        return new(
            $"checkpoint {point.Manifest.Id} belongs to job {point.Manifest.Job}, which {leader} may run and delete it from while it is read, and that process could not be asked to keep it: {why}. "
            + $"Start from a savepoint of that job; or start where that process can be asked; or pin the checkpoint first (millrace snapshots pin {point.Manifest.Id} --job {point.Manifest.Job} "
            + "--storage with the folder that its folder is in, on that machine; with --yes when nobody runs it) and unpin it later");
    }

    Lender LenderOf(RestorePoint point) => new(point.OwnedStore!, point.Manifest.Job, job, durable, options);
}
