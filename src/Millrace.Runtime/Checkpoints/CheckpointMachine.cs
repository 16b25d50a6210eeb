using System.Collections.Immutable;
using Millrace.Runtime.Messages;
using Millrace.State;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// When a checkpoint is taken and what becomes of it, as a pure function. The life of one:
/// <code>
/// Waiting --slot free--> InFlight --all workers sent their part--> Completing --entry committed--> Confirmed
///                           |  declined, expired                       | could not be written
///                           +--> failed (counted) &lt;-------------------+        superseded, if a later one is committed first
/// </code>
/// Checkpoints are committed one at a time and in order. Those asked for by hand come first and ignore interval and pause.
/// After a stop or the final one was begun, no other begins.
/// </summary>
public static class CheckpointMachine
{
    /// <summary>The state before the tasks run.</summary>
    /// <param name="options">Validated.</param>
    /// <param name="nextId">The first id.</param>
    public static CheckpointState Begin(CheckpointOptions options, long nextId) => new() { Options = options, NextId = nextId };

    /// <summary>What follows from an event.</summary>
    public static (CheckpointState Next, ImmutableArray<CheckpointEffect> Effects) Step(CheckpointState state, CheckpointEvent e)
    {
        var step = new CheckpointStep(state, e.Now);
        switch (e)
        {
            case CheckpointEvent.TasksRun run:
                Invariant.That(state.Workers == 0 && run.Workers > 0, "tasks begin to run once");
                step.State = state with { Workers = run.Workers, DueAt = Later(e.Now, state.Options.Interval) };
                break;
            case CheckpointEvent.Asked asked: Ask(step, asked.Request); break;
            case CheckpointEvent.Collected collected: Collect(step, collected.Worker, collected.Snapshot); break;
            case CheckpointEvent.Declined declined: Decline(step, declined.Why); break;
            case CheckpointEvent.Committed committed: Commit(step, committed.Id, committed.Worn); break;
            case CheckpointEvent.CommitFailed failed:
                step.State = state with { Completing = null };
                step.Fail(step.Find(failed.Id)!, failed.Why);
                break;
            case CheckpointEvent.TasksFinished: step.State = state with { AreTasksFinished = true }; break;
            case CheckpointEvent.TasksGone gone: Leave(step, gone.Why); break;
        }

        Expire(step);
        Complete(step);
        while (TryBegin(step)) { }
        return (step.State, [.. step.Effects]);
    }

    /// <summary>When <see cref="CheckpointEvent.TimePassed"/> changes something; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public static TimeSpan NextWake(CheckpointState state)
    {
        TimeSpan wake = TimeSpan.MaxValue;
        foreach (CheckpointAttempt attempt in state.InFlight)
        {
            if (attempt.Id != state.Completing) wake = Min(wake, Later(attempt.BegunAt, state.Options.Timeout));
        }

        return HasSlot(state) ? Min(wake, Max(state.DueAt, state.NotBefore)) : wake;
    }

    static void Ask(CheckpointStep step, CheckpointRequest request)
    {
        if (step.State.IsEnding) step.Effects.Add(new CheckpointEffect.Refuse(request, "the job is ending"));
        else step.State = step.State with { Waiting = step.State.Waiting.Add(request) };
    }

    static void Collect(CheckpointStep step, int worker, WorkerSnapshot snapshot)
    {
        CheckpointAttempt? attempt = step.Find(snapshot.Id);
        if (attempt is null || attempt.Id == step.State.Completing)
        {
            // A part of a committed checkpoint that is sent twice is in its manifest already, and must not be thrown away.
            if (step.State.GivenUp.Contains(snapshot.Id)) step.Effects.Add(new CheckpointEffect.Discard(snapshot));
            return;
        }

        if (!attempt.Collected.ContainsKey(worker)) step.Replace(attempt with { Collected = attempt.Collected.Add(worker, snapshot) });
    }

    static void Decline(CheckpointStep step, SnapshotDeclined declined)
    {
        if (step.Find(declined.Id) is not { } attempt || attempt.Id == step.State.Completing) return;
        step.Fail(attempt, declined.OperatorId is null ? declined.Why : $"{declined.OperatorId}: {declined.Why}");
    }

    static void Commit(CheckpointStep step, long id, IReadOnlyList<long> worn)
    {
        CheckpointAttempt attempt = step.Find(id)!;
        Invariant.That(step.State.Completing == id, "what was committed was being completed");
        step.State = step.State with
        {
            Completing = null,
            Confirmed = id,
            Worn = worn,
            Failures = 0,
            NotBefore = Later(step.Now, step.State.Options.MinPause),
            InFlight = step.State.InFlight.Remove(attempt),
        };
        step.Effects.Add(new CheckpointEffect.Confirm(attempt));
        foreach (CheckpointAttempt older in step.State.InFlight.Where(older => older.Id < id)) step.Supersede(older, id);
    }

    static void Leave(CheckpointStep step, string why)
    {
        foreach (CheckpointAttempt attempt in step.State.InFlight.Where(attempt => attempt.Id != step.State.Completing)) step.Drop(attempt, why);
        foreach (CheckpointRequest request in step.State.Waiting) step.Effects.Add(new CheckpointEffect.Refuse(request, why));
        step.State = step.State with { Waiting = [], IsEnding = true };
    }

    static void Expire(CheckpointStep step)
    {
        TimeSpan timeout = step.State.Options.Timeout;
        foreach (CheckpointAttempt attempt in step.State.InFlight)
        {
            // What is being written has an outcome soon, and none may be assumed for it.
            if (attempt.Id == step.State.Completing || step.Now < Later(attempt.BegunAt, timeout)) continue;
            step.Fail(attempt, $"not complete after {timeout}: {attempt.Collected.Count} of {step.State.Workers} workers sent their part");
        }
    }

    static void Complete(CheckpointStep step)
    {
        if (step.State.Completing is not null) return;
        foreach (CheckpointAttempt attempt in step.State.InFlight)
        {
            if (attempt.Collected.Count == step.State.Workers)
            {
                step.State = step.State with { Completing = attempt.Id };
                step.Effects.Add(new CheckpointEffect.Complete(attempt));
                return;
            }

            // A savepoint is not overtaken: somebody waits for exactly that one.
            if (attempt.IsWanted) return;
        }
    }

    static bool TryBegin(CheckpointStep step)
    {
        CheckpointState state = step.State;
        if (!HasSlot(state)) return false;
        if (state.Waiting.Length > 0)
        {
            CheckpointRequest request = state.Waiting[0];
            step.State = state with { Waiting = state.Waiting.RemoveAt(0) };
            step.Begin(request.Purpose, request);
            return true;
        }

        if (state.AreTasksFinished) step.Begin(CheckpointPurpose.Final, null);
        else if (step.Now >= state.DueAt && step.Now >= state.NotBefore) step.Begin(CheckpointPurpose.Periodic, null);
        else return false;
        return true;
    }

    static bool HasSlot(CheckpointState state) => state.Workers > 0 && !state.IsEnding && state.InFlight.Length < state.Options.MaxConcurrent;

    static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    internal static TimeSpan Later(TimeSpan time, TimeSpan by) => time > TimeSpan.MaxValue - by ? TimeSpan.MaxValue : time + by;
}
