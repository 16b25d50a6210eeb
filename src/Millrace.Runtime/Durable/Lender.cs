using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// Another job, of which this one reads a checkpoint: its ledger says what it keeps, and is changed by the process that leads it, or by leading it for
/// a moment when nobody does. Never overtakes a process that may live. Thread-safe.
/// </summary>
/// <param name="folder">The folder of that job; borrowed.</param>
/// <param name="job">Its name.</param>
/// <param name="reader">This job, for people.</param>
/// <param name="durable">How to ask, and who is told.</param>
/// <param name="options">Clock and chance.</param>
sealed class Lender(IObjectStore folder, string job, string reader, DurableOptions durable, EmbeddedOptions options)
{
    // A process that starts or restarts its tasks says so, and is asked again: ten seconds altogether.
    const int RoundsMax = 20;
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500), s_answerMax = TimeSpan.FromSeconds(30);

    readonly LedgerKeys _keys = new("");

    /// <value>How long to try to lead. A ledger asks its store again until it is answered, which it never is where nothing may be written.</value>
    public TimeSpan LeadMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Its ledger as it is now; null when there is none: a folder that was copied without it, which nobody cleans.</summary>
    /// <exception cref="LedgerRefusedException">The store lost what must not be lost.</exception>
    /// <exception cref="LedgerCorruptException">An object of the ledger is damaged.</exception>
    public ValueTask<LedgerView?> ReadAsync(CancellationToken cancellationToken) =>
        LedgerReader.ReadAsync(folder, _keys, job, options.Time, new(), cancellationToken);

    /// <summary>Asks whether whoever leads it can be asked.</summary>
    public ValueTask<LeaderAnswer> AskAsync(LedgerView view, CancellationToken cancellationToken) => AskAsync(view, null, cancellationToken);

    /// <summary>Changes what it keeps.</summary>
    /// <param name="edit">The change; idempotent.</param>
    /// <param name="isDone">Whether a ledger has it.</param>
    /// <param name="cancellationToken">Cancels; the change may be made all the same.</param>
    /// <returns>Done, also when there is no ledger that could be changed; refused; or silent. Never gone.</returns>
    public async ValueTask<LeaderAnswer> ChangeAsync(LedgerEdit edit, Func<LedgerState, bool> isDone, CancellationToken cancellationToken)
    {
        LeaderAnswer answer = new LeaderAnswer.Refused("another process begins to lead it again and again");
        for (int round = 1; round <= RoundsMax; round++)
        {
            if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } view) return new LeaderAnswer.Done("there is no ledger");
            if (isDone(view.State) && view.IsSettled) return new LeaderAnswer.Done("it is so already");
            answer = await AskAsync(view, edit, cancellationToken).ConfigureAwait(false);
            if (answer is LeaderAnswer.Silent) return answer;
            bool isAnother = answer is LeaderAnswer.Done && await IsAnotherAsync(isDone, cancellationToken).ConfigureAwait(false);
            if (answer is LeaderAnswer.Done && !isAnother) return answer;
            if (isAnother) await UndoAsync(view, edit, cancellationToken).ConfigureAwait(false);
            if ((isAnother || answer is LeaderAnswer.Gone) && await LeadAsync(view, edit, cancellationToken).ConfigureAwait(false) is { } led) return led;
            if (answer is LeaderAnswer.Refused && round < RoundsMax) await Task.Delay(s_pause, options.Time, cancellationToken).ConfigureAwait(false);
        }

        return answer is LeaderAnswer.Gone ? new LeaderAnswer.Silent("another process begins to lead it again and again") : answer;
    }

    // The process that is named here has done it, and not here: this folder is a copy, whose ledger nobody leads.
    async ValueTask<bool> IsAnotherAsync(Func<LedgerState, bool> isDone, CancellationToken cancellationToken) =>
        await ReadAsync(cancellationToken).ConfigureAwait(false) is { } now && !isDone(now.State);

    async ValueTask UndoAsync(LedgerView view, LedgerEdit edit, CancellationToken cancellationToken)
    {
        if (edit is LedgerEdit.Borrow made) await AskAsync(view, new LedgerEdit.Return(made.Checkpoint, made.Borrower), cancellationToken).ConfigureAwait(false);
    }

    async ValueTask<LeaderAnswer> AskAsync(LedgerView view, LedgerEdit? edit, CancellationToken cancellationToken)
    {
        bool isRunning = view.State.Phase is JobPhase.Running or JobPhase.Stopping;
        if (view.Claim.Endpoint.Length == 0)
        {
            // Tools lead without an address, and are gone; a program that deployed tasks in this term may run them still.
            return isRunning && view.State.Attempt?.Term == view.Claim.Term
                ? new LeaderAnswer.Silent("its process has no address at which it can be asked")
                : new LeaderAnswer.Gone();
        }

        LeaderAnswer answer;
        try
        {
            using CancellationTokenSource limit = new(s_answerMax, options.Time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            answer = await durable.AskLender(view.Claim, edit, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new LeaderAnswer.Silent("it does not answer");
        }

        // It recorded its end, and cannot have begun again without another claim.
        return answer is LeaderAnswer.Silent && view.IsSettled && !isRunning ? new LeaderAnswer.Gone() : answer;
    }

    /// <summary>Leads for a moment. Null when another process was faster.</summary>
    async ValueTask<LeaderAnswer?> LeadAsync(LedgerView view, LedgerEdit edit, CancellationToken cancellationToken)
    {
        durable.Tell($"no process runs job {job}: leading it for a moment, as term {view.Claim.Term + 1}, {(edit is LedgerEdit.Borrow ? "to keep" : "to leave to its retention")} the checkpoint that is read");
        using CancellationTokenSource limit = new(LeadMax, options.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        LedgerOptions leader = new() { Leader = $"{durable.Leader} (reads a checkpoint for {reader})".TrimStart() };
        try
        {
            LedgerOpening opening = await Ledger.OpenAsync(folder, _keys, job, options.Nonces.NextName(), options.Time, leader, either.Token, view.Claim.Term).ConfigureAwait(false);
            if (opening is not LedgerOpening.Leads leads) return null;
            await using (leads.Ledger.ConfigureAwait(false))
            {
                LedgerEditOutcome outcome = await LedgerEdits.ApplyAsync(leads.Ledger, folder, edit, either.Token).ConfigureAwait(false);
                return outcome.IsDone ? new LeaderAnswer.Done(outcome.Text) : new LeaderAnswer.Refused(outcome.Text);
            }
        }
        catch (LedgerFencedException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new LeaderAnswer.Refused(
                $"no process runs that job, and {folder.Address} could not be written to for {LeadMax.TotalSeconds:0.#} s, so that nobody knows that it is read. Start from a savepoint, from a copy of the checkpoint (millrace snapshots copy), or with the right to write there");
        }
    }
}
