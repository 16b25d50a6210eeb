using System.Globalization;
using System.Text;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Hosting;

/// <summary>Where a job is in its life, for people. Pure.</summary>
static class LedgerText
{
    /// <summary>Several lines: what the ledger says, and the process.</summary>
    public static string Of(LedgerView view, ControlOutcome outcome)
    {
        LedgerState state = view.State;
        StringBuilder text = new();
        text.Append(state.Job).Append(": ").Append(Phase(state)).Append('\n');
        Append(text, "process", outcome switch
        {
            ControlOutcome.Answered answered => $"{view.Claim.Leader} since {view.Claim.ClaimedAt:u}: {answered.Reply.Text}",
            ControlOutcome.Unknown unknown => $"{view.Claim.Leader} since {view.Claim.ClaimedAt:u}; whether it lives is not known: {unknown.Why}",
            _ => $"none; the last was {(view.Claim.Leader.Length > 0 ? view.Claim.Leader : "a tool")}, since {view.Claim.ClaimedAt:u}",
        });
        if (state.Timeline.Length > 0) Append(text, "history", $"timeline {state.Timeline}, attempt {state.Attempt}, entry {view.Tip}");
        Append(text, "retained", state.Retained.Count == 0 ? "no checkpoint" : string.Join(", ", state.Retained.Select(static r => Checkpoint(r))));
        if (state.Pins.Count > 0) Append(text, "pinned", string.Join(", ", state.Pins.Select(static p => $"{p.Snapshot.Id} ({p.Reason})")));
        Append(text, "savepoint", state.Savepoints.Count == 0 ? "none" : $"{state.Savepoints[^1].Address} of {state.Savepoints[^1].TakenAt:u}");
        if (state.Owed.Count > 0) Append(text, "owed", $"{state.Owed.Count} transaction{(state.Owed.Count == 1 ? "" : "s")}, which {(outcome is ControlOutcome.Answered ? "the process is committing" : "the next start commits")}");
        return text.ToString();
    }

    /// <summary>Where it is, in a few words.</summary>
    public static string Phase(LedgerState state) => state.Phase switch
    {
        JobPhase.New => "it was never deployed",
        JobPhase.Running => "it is recorded as running",
        JobPhase.Interrupted => $"it was interrupted ({state.Cause}); the next start goes on",
        JobPhase.Failed => $"it failed ({state.Cause}); the next start goes on",
        JobPhase.Stopping => "it is being stopped; the next start finishes that",
        JobPhase.Stopped => "it was stopped with a savepoint",
        JobPhase.Cancelled => "it was cancelled",
        JobPhase.Finished => "it has finished",
        _ => throw new System.Diagnostics.UnreachableException($"no such phase: {state.Phase}"),
    };

    static string Checkpoint(RetainedCheckpoint checkpoint) =>
        string.Create(CultureInfo.InvariantCulture, $"{checkpoint.Snapshot.Id} of {checkpoint.TakenAt:u} ({checkpoint.Bytes:N0} bytes)");

    static void Append(StringBuilder text, string name, string what) => text.Append("  ").Append(name.PadRight(10)).Append(what).Append('\n');
}
