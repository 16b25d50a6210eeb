using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Checkpoints;

/// <summary>One step of <see cref="CheckpointMachine"/> in the making: the state so far and what is to be done. Lives for one call.</summary>
sealed class CheckpointStep(CheckpointState state, TimeSpan now)
{
    const int GivenUpMax = 100;

    public CheckpointState State { get; set; } = state;

    public TimeSpan Now => now;

    public List<CheckpointEffect> Effects { get; } = [];

    public CheckpointAttempt? Find(long id) => State.InFlight.FirstOrDefault(attempt => attempt.Id == id);

    public void Replace(CheckpointAttempt attempt) => State = State with { InFlight = State.InFlight.Replace(Find(attempt.Id)!, attempt) };

    public void Begin(CheckpointPurpose purpose, CheckpointRequest? request)
    {
        CheckpointOptions options = State.Options;
        bool isForced = purpose is not (CheckpointPurpose.Periodic or CheckpointPurpose.Manual);
        bool isSavepoint = purpose is CheckpointPurpose.Savepoint or CheckpointPurpose.Stop;
        long worn = isSavepoint ? 0 : NextWorn();
        var barrier = new Barrier(
            State.NextId, State.Confirmed,
            isForced ? Alignment.Aligned : options.Alignment,
            isForced || options.Alignment != Alignment.Aligned ? Timeout.InfiniteTimeSpan : options.AlignTimeout,
            IsStop: purpose == CheckpointPurpose.Stop, IsDrain: request?.IsDrain ?? false, isSavepoint, worn);
        var attempt = new CheckpointAttempt { Barrier = barrier, Purpose = purpose, Request = request, BegunAt = now, IsFinal = State.AreTasksFinished };
        State = State with
        {
            NextId = State.NextId + 1,
            Worn = worn == 0 ? State.Worn : [],
            LastWorn = worn == 0 ? State.LastWorn : worn,
            InFlight = State.InFlight.Add(attempt),
            DueAt = CheckpointMachine.Later(now, options.Interval),
            IsEnding = purpose is CheckpointPurpose.Stop or CheckpointPurpose.Final,
        };
        Effects.Add(new CheckpointEffect.Trigger(attempt));
    }

    /// <summary>
    /// One at a time, so that no checkpoint writes much more than its neighbours; in turn, so that one that a finished task holds on to does not keep the others waiting.
    /// </summary>
    long NextWorn() => State.Worn.FirstOrDefault(id => id > State.LastWorn, State.Worn.Count == 0 ? 0 : State.Worn[0]);

    /// <summary>It failed by itself, which counts.</summary>
    public void Fail(CheckpointAttempt attempt, string why)
    {
        why = $"checkpoint {attempt.Id} failed: {why}";
        Drop(attempt, why);
        State = State with { Failures = State.Failures + 1, NotBefore = CheckpointMachine.Later(now, State.Options.MinPause) };

        // Sources have ended at the barrier of a stop: only a restart can try again, and the ledger says that it must.
        if (attempt.Purpose == CheckpointPurpose.Stop) Effects.Add(new CheckpointEffect.FailTasks(why));
        else if (State.Failures > State.Options.ToleratedFailures) Effects.Add(new CheckpointEffect.FailTasks($"{why}; {State.Failures} in a row"));
        else if (attempt.Purpose == CheckpointPurpose.Final) State = State with { IsEnding = false };   // and so the final one begins again
    }

    /// <summary>It ends without a result, and without blame.</summary>
    public void Drop(CheckpointAttempt attempt, string why)
    {
        State = State with { InFlight = State.InFlight.Remove(Find(attempt.Id)!), GivenUp = State.GivenUp.Add(attempt.Id) };
        // Parts come late by one checkpoint or two, never by a hundred.
        if (State.GivenUp.Count > GivenUpMax) State = State with { GivenUp = State.GivenUp.Remove(State.GivenUp.Min) };
        Effects.Add(new CheckpointEffect.Abort(attempt.Id, why));
        foreach (WorkerSnapshot snapshot in attempt.Collected.Values) Effects.Add(new CheckpointEffect.Discard(snapshot));
        if (attempt.Request is { } request) Effects.Add(new CheckpointEffect.Refuse(request, why));
    }

    /// <summary>A later one was committed before it.</summary>
    public void Supersede(CheckpointAttempt attempt, long by)
    {
        Drop(attempt with { Request = null }, $"superseded by checkpoint {by}");
        if (attempt.Request is { } request) Effects.Add(new CheckpointEffect.Supersede(request, by));
    }
}
