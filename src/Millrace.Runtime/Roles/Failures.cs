using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Roles;

/// <summary>A worker is gone, or cannot be reached: its tasks are lost.</summary>
/// <param name="worker">Its name.</param>
/// <param name="why">A sentence.</param>
sealed class WorkerLostException(string worker, string why) : Exception($"worker {worker} was lost: {why}");

/// <summary>Failures between processes: what the leader has to know to decide, and the text for people.</summary>
static class Failures
{
    /// <summary>As it is sent.</summary>
    public static WorkerFailure Of(Exception failure)
    {
        WorkerFailure any = new()
        {
            Kind = FailureKind.Other,
            Type = RemoteException.TypeOf(failure),
            Message = failure.Message,
            Text = failure.ToString(),
            First = failure.InnerException is { } cause ? Of(cause) : null,
            Here = failure,
        };
        return failure switch
        {
            OperatorFailedException at => any with
            {
                Kind = FailureKind.Operator,
                OperatorId = at.OperatorId,
                Subtask = at.Subtask,
                Record = at.Record,
            },
            SnapshotCorruptException damage => any with { Kind = FailureKind.Damage, Key = damage.Key },
            ObjectMissingException missing => any with { Kind = FailureKind.Damage, Key = missing.Key },
            StuckUserCodeException stuck => any with { Kind = FailureKind.Stuck, Steps = stuck.Steps },
            _ => any,
        };
    }

    /// <summary>As it is thrown: the failure itself when it came about in this process.</summary>
    public static Exception ToException(this WorkerFailure failure)
    {
        if (failure.Here is not null) return failure.Here;
        Exception? first = failure.First?.ToException();
        Exception remote = new RemoteException(failure.Type, failure.Message, failure.Text, first);
        return failure.Kind switch
        {
            FailureKind.Operator => new OperatorFailedException(failure.OperatorId, failure.Subtask, failure.Record, first ?? remote),
            FailureKind.Damage => new SnapshotCorruptException(failure.Key, failure.Message, remote),
            FailureKind.Stuck => new StuckUserCodeException(failure.Steps, first),
            _ => remote,
        };
    }
}
