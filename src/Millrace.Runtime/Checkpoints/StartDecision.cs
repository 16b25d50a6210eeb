using System.Globalization;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What a start does, from the ledger and what was asked for. A pure function:
/// <code>
///                       nothing said       the request that began the timeline       another request
/// new                   fresh              -                                         honoured
/// running, interrupted,
/// failed                latest             latest (it was honoured)                  needs --rewind
/// stopping              the stop is finished, whatever was asked
/// stopped, cancelled    refused            latest, latest-savepoint: honoured;       honoured
///                                          others need --rewind
/// finished              nothing to do      nothing to do, unless --rewind            honoured; a savepoint of
///                                                                                    its own needs --rewind
/// </code>
/// A checkpoint or savepoint of the line of history that sinks have committed output beyond needs <c>--accept-duplicates</c>; a savepoint that is gone back to with <c>--rewind</c> does not.
/// </summary>
public static class StartDecision
{
    const int PinnedChoicesMax = 3;

    /// <summary>Decides.</summary>
    /// <param name="state">What follows from the ledger; null when there is none.</param>
    /// <param name="request">What is asked for.</param>
    public static StartAction Decide(LedgerState? state, StartRequest request)
    {
        if (request is { IsRewind: true, From: StartFrom.Unsaid })
            return new StartAction.Refuse("--rewind says to leave the job's line of history, and not for what: add --from fresh, latest, latest-savepoint or an address");
        if (state is null || state.Phase == JobPhase.New) return Honour(state ?? LedgerFold.NewJob(""), request);
        if (MissingSink(state, request) is { } refused) return refused;
        if (state.Phase == JobPhase.Stopping) return FinishStop(state, request);
        bool isSame = request.From is not StartFrom.Unsaid && request.Token == state.Token;
        return state.Phase switch
        {
            JobPhase.Running or JobPhase.Interrupted or JobPhase.Failed => Live(state, request, isSame),
            JobPhase.Finished => Finished(state, request, isSame),
            _ => Ended(state, request, isSame),
        };
    }

    static StartAction Live(LedgerState state, StartRequest request, bool isSame)
    {
        if (request.From is StartFrom.Unsaid or StartFrom.Latest && !request.IsRewind) return Resume(state, request, $"the job {Was(state)}");
        if (isSame) return Resume(state, request, $"--from {request.Token.Request} was honoured when timeline {state.Timeline} began, and the job {Was(state)}");
        if (request.IsRewind) return Honour(state, request);
        string changed = state.Token?.Request == request.Token.Request ? ", and the program is another than began it" : "";
        return new StartAction.Refuse(
            $"the job {Was(state)} and can go on from {Newest(state)}{changed}: leave out --from to go on, or add --rewind to leave that "
            + $"line of history and start from {request.From}; its newest checkpoint stays pinned");
    }

    static StartAction Finished(LedgerState state, StartRequest request, bool isSame)
    {
        if (request.From is StartFrom.Unsaid or StartFrom.Latest && !request.IsRewind) return new StartAction.AlreadyFinished("the job has finished: all input was read and all output is committed. --from fresh runs it again");
        if (isSame && !request.IsRewind)
            return new StartAction.AlreadyFinished($"the job has finished, and --from {request.Token.Request} was honoured when it began. Add --rewind to run it again");
        // Said when the job was stopped, by one who came late: another process was started in another way, and has read all input from there.
        if (!request.IsRewind && OwnSavepoint(state, request) is { } own)
            return new StartAction.Refuse($"the job has finished, and {own} is a savepoint of its own: what follows it would be written again. Add --rewind to start from there, or --from fresh to run the job again");
        return Honour(state, request);
    }

    static string? OwnSavepoint(LedgerState state, StartRequest request) => request.From switch
    {
        StartFrom.LatestSavepoint when state.Savepoints.Count > 0 => state.Savepoints[^1].Address,
        StartFrom.Address there when state.Savepoints.Any(s => s.Address == there.Folder) => there.Folder,
        _ => null,
    };

    static StartAction Ended(LedgerState state, StartRequest request, bool isSame)
    {
        string ended = state.Phase == JobPhase.Stopped ? "was stopped" : "was cancelled";
        if (request.From is StartFrom.Unsaid) return new StartAction.Refuse($"the job {ended}, so it is not started by itself. {Choices(state)}");
        // A savepoint is taken with every stop, so "the latest" is another one each time; a folder or nothing is the same again.
        if (isSame && !request.IsRewind && request.From is StartFrom.Fresh or StartFrom.Address)
            return new StartAction.Refuse($"the job {ended}, and --from {request.Token.Request} was honoured when it began. Add --rewind to start from there again. {Choices(state)}");
        return Honour(state, request);
    }

    static StartAction Honour(LedgerState state, StartRequest request) => request.From switch
    {
        StartFrom.Unsaid or StartFrom.Fresh => new StartAction.Fresh(),
        StartFrom.Latest => Latest(state, request),
        StartFrom.LatestSavepoint => state.Savepoints.Count > 0
            ? new StartAction.RestoreFrom(state.Savepoints[^1].Address, state.Savepoints[^1].Sha256, request.IsClaim)
            : new StartAction.Refuse($"the job has no savepoint. {Choices(state)}"),
        StartFrom.Address address => new StartAction.RestoreFrom(address.Folder, null, request.IsClaim),
        _ => throw new System.Diagnostics.UnreachableException($"no such request: {request.From}"),
    };

    static StartAction Latest(LedgerState state, StartRequest request)
    {
        if (state.Latest is null) return new StartAction.Refuse($"the job has no checkpoint on this line of history. {Choices(state)}");
        return Pick(state, request) switch
        {
            (RetainedCheckpoint checkpoint, var skipped, _) => new StartAction.RestoreOwn(checkpoint, skipped),
            (_, _, var refused) => refused!,
        };
    }

    static StartAction Resume(LedgerState state, StartRequest request, string why)
    {
        if (state is { Latest: null, Origin: TimelineOrigin.Own own } && request.Damaged.Contains(own.Snapshot))
        {
            return new StartAction.Refuse($"checkpoint {own.Snapshot.Id}, which the job began with, is damaged, and there is none since: bring the files back from a copy of the bucket, "
                + $"or start from something else, with --rewind. {Choices(state)}");
        }

        if (state.Latest is null && Repetition(state, request, 0) is { } repeated) return new StartAction.Refuse(repeated);
        if (state.Latest is null) return new StartAction.Resume(null, [], $"{why}; it has no checkpoint yet");
        return Pick(state, request) switch
        {
            (RetainedCheckpoint checkpoint, var skipped, _) => new StartAction.Resume(checkpoint, skipped, why),
            (_, _, var refused) => refused!,
        };
    }

    /// <summary>The newest checkpoint that is not damaged, if no sink committed past it.</summary>
    static (RetainedCheckpoint? Checkpoint, IReadOnlyList<RetainedCheckpoint> Skipped, StartAction.Refuse? Refused) Pick(LedgerState state, StartRequest request)
    {
        List<RetainedCheckpoint> skipped = [];
        for (int i = state.Retained.Count - 1; i >= 0; i--)
        {
            RetainedCheckpoint checkpoint = state.Retained[i];
            if (request.Damaged.Contains(checkpoint.Snapshot))
            {
                skipped.Add(checkpoint);
                continue;
            }

            if (skipped.FirstOrDefault(newer => newer.Prepares) is not { } committed || request.AcceptsDuplicates)
                return Repetition(state, request, checkpoint.Snapshot.Id) is { } repeated ? (null, skipped, new StartAction.Refuse(repeated)) : (checkpoint, skipped, null);
            return (null, skipped, new StartAction.Refuse(
                $"checkpoint {Ids(skipped)} is damaged, and sinks have committed output up to checkpoint {committed.Snapshot.Id}: starting from checkpoint "
                + $"{checkpoint.Snapshot.Id} writes some of it again. Bring the files back from a copy of the bucket, or add --accept-duplicates"));
        }

        return (null, skipped, new StartAction.Refuse(
            $"every checkpoint of the job ({Ids(skipped)}) is damaged. Bring the files back from a copy of the bucket, or begin anew. {Choices(state)}"));
    }

    /// <summary>
    /// Why a start from a checkpoint of this line of history is refused: sinks have committed output beyond it, whatever became of the newer checkpoints. Null when it is not.
    /// </summary>
    /// <param name="state">What follows from the ledger.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="checkpoint">The id of the checkpoint, or of that of the savepoint; 0 for what the line began with.</param>
    internal static string? Repetition(LedgerState state, StartRequest request, long checkpoint)
    {
        if (request.AcceptsDuplicates || checkpoint >= state.CommittedUpTo) return null;
        string from = checkpoint == 0 ? "what the job began with" : $"checkpoint {checkpoint}";
        return $"sinks have committed output up to checkpoint {state.CommittedUpTo} of this line of history: starting from {from} writes what follows it again. "
            + $"Add --accept-duplicates to do that. {Choices(state)}";
    }

    static StartAction FinishStop(LedgerState state, StartRequest request)
    {
        StopProgress stop = state.Stop ?? new StopProgress(false, null);
        if (stop.Savepoint is not null)
            return new StartAction.FinishStop(state.Owed.Count > 0 ? StopStep.Settle : StopStep.Record, stop, null);
        if (stop.Snapshot is not null) return new StartAction.FinishStop(StopStep.Gather, stop, null);
        return Resume(state, request, "the job was being stopped") switch
        {
            StartAction.Resume resume => new StartAction.FinishStop(StopStep.TakeSavepoint, stop, resume),
            var refused => refused,
        };
    }

    static StartAction.Refuse? MissingSink(LedgerState state, StartRequest request)
    {
        OwedTransaction[] orphans = [.. state.Owed.Where(owed => !request.Sinks.Contains(owed.Operator) && !request.Drops.Contains(owed.Operator))];
        if (orphans.Length == 0) return null;
        string sink = orphans[0].Operator;
        int more = orphans.Count(owed => owed.Operator == sink) - 1;
        return new StartAction.Refuse(
            $"sink {sink} is owed output ({orphans[0].Text}{(more == 0 ? "" : $" and {more} more")}), and the program has no such sink: start the program that has it and stop it, which commits that, "
            + $"or give the sink that id again, or give its output up with --drop-state {sink}");
    }

    static string Was(LedgerState state) => state.Phase switch
    {
        JobPhase.Interrupted => $"was interrupted ({state.Cause})",
        JobPhase.Failed => $"failed ({state.Cause})",
        _ => "was running",
    };

    /// <summary>What a job goes on from.</summary>
    internal static string Newest(LedgerState state) => state.Latest is { } latest
        ? string.Create(CultureInfo.InvariantCulture, $"checkpoint {latest.Snapshot.Id} of {latest.TakenAt:u}")
        : state.Origin switch
        {
            TimelineOrigin.Folder folder => $"what it began with, {folder.Address}",
            TimelineOrigin.Own own => $"what it began with, checkpoint {own.Snapshot.Id}",
            _ => "its beginning, without state",
        };

    static string Ids(List<RetainedCheckpoint> checkpoints) =>
        string.Join(", ", checkpoints.Select(c => c.Snapshot.Id.ToString(CultureInfo.InvariantCulture)));

    /// <summary>What a start can begin with, for people.</summary>
    /// <param name="state">What follows from the ledger; null when there is none.</param>
    internal static string Choices(LedgerState? state)
    {
        List<string> choices = [];
        if (state?.Savepoints.Count > 0) choices.Add($"--from latest-savepoint ({state.Savepoints[^1].Address})");
        if (state?.Latest is { } latest) choices.Add(string.Create(CultureInfo.InvariantCulture, $"--from latest (checkpoint {latest.Snapshot.Id} of {latest.TakenAt:u})"));
        // Tips of lines of history that were left, and what was pinned by hand: whatever is retained is on the line itself.
        foreach (SnapshotPin pin in state?.Pins.Where(p => state.Retained.All(r => r.Snapshot != p.Snapshot)).TakeLast(PinnedChoicesMax) ?? [])
            choices.Add(string.Create(CultureInfo.InvariantCulture, $"--from STORAGE/{state!.Job}/checkpoints/{pin.Snapshot.Id}-{pin.Snapshot.Attempt} (pinned: {pin.Reason})"));
        choices.Add("--from fresh (no state)");
        choices.Add("--from with the address of a snapshot");
        return $"The choices: {string.Join(", ", choices)}";
    }
}
