using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>What the ledger is told when the last deployment of a job has ended. A pure function.</summary>
static class DeploymentEnding
{
    /// <summary>Decides.</summary>
    /// <param name="outcome">How the deployment ended; a failure only when the job is given up.</param>
    /// <param name="state">What the ledger says.</param>
    /// <param name="asked">How the job was asked to end; never null when it was cancelled.</param>
    public static LedgerEvent Of(JobOutcome outcome, LedgerState state, LedgerEvent? asked) => outcome switch
    {
        // A stop that came too late has no savepoint: the job had finished.
        JobOutcome.Finished when state.Stop?.Savepoint is not null => new LedgerEvent.Stopped(),
        JobOutcome.Finished => new LedgerEvent.Finished(),
        JobOutcome.Cancelled => asked!,
        JobOutcome.Failed failed => new LedgerEvent.Failed(failed.Cause.Message),
        _ => throw new System.Diagnostics.UnreachableException($"a deployment ended as {outcome}"),
    };
}
