using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Hosting;

/// <summary>Asks the process that holds a claim: whether it lives, or to keep a checkpoint of the job it leads, or to keep it no longer. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class OtherLeader(TimeProvider time)
{
    readonly ControlClient _client = new(time);

    /// <summary>Asks.</summary>
    /// <param name="claim">The newest claim to that job.</param>
    /// <param name="edit">What is to change; null to find out whether it can be asked.</param>
    /// <param name="cancellationToken">Stops waiting; what was asked for may be done all the same.</param>
    public async ValueTask<LeaderAnswer> AskAsync(TermClaim claim, LedgerEdit? edit, CancellationToken cancellationToken)
    {
        if (ControlAddress.TryParse(claim.Endpoint) is not { } address) return new LeaderAnswer.Silent("its address is not of a kind this program knows");
        return await _client.SendAsync(address, RequestOf(edit), cancellationToken).ConfigureAwait(false) switch
        {
            ControlOutcome.Answered { Reply: { IsDone: true } reply } => new LeaderAnswer.Done(reply.Text),
            ControlOutcome.Answered answered => new LeaderAnswer.Refused(answered.Reply.Text),
            ControlOutcome.Gone => new LeaderAnswer.Gone(),
            ControlOutcome.Unknown unknown => new LeaderAnswer.Silent(unknown.Why),
            var other => throw new System.Diagnostics.UnreachableException($"asked and got {other}"),
        };
    }

    static ControlRequest RequestOf(LedgerEdit? edit) => edit switch
    {
        null => new() { Command = ControlRequest.Status },
        LedgerEdit.Borrow borrow => new() { Command = ControlRequest.Borrow, Id = borrow.Checkpoint, Reason = borrow.Reason, Borrower = borrow.Borrower },
        LedgerEdit.Return back => new() { Command = ControlRequest.Return, Id = back.Checkpoint, Borrower = back.Borrower },
        _ => throw new System.Diagnostics.UnreachableException($"asked another job for {edit}"),
    };
}
