using System.Diagnostics;

namespace Millrace.Runtime.Jobs;

/// <summary>
/// The life of a job, as a pure function:
/// <code>
/// Starting --opened--> Running --all tasks ended--> Ended(finished)
///     |                   |
///     +-- failed or cancelled --> Stopping(outcome) --all tasks ended--> Ended(outcome)
/// </code>
/// </summary>
public static class JobMachine
{
    /// <summary>What follows from an event.</summary>
    public static (JobState Next, JobEffect Effect) Step(JobState state, JobEvent e) => (state, e) switch
    {
        (JobState.Starting, JobEvent.Opened) => (new JobState.Running(), JobEffect.RunTasks),
        (JobState.Starting or JobState.Running, JobEvent.Failed failed) => (new JobState.Stopping(new JobOutcome.Failed(failed.Cause)), JobEffect.StopTasks),
        (JobState.Starting or JobState.Running, JobEvent.CancelAsked) => (new JobState.Stopping(new JobOutcome.Cancelled()), JobEffect.StopTasks),
        (JobState.Running, JobEvent.TasksEnded) => (new JobState.Ended(new JobOutcome.Finished()), JobEffect.Report),
        (JobState.Stopping stopping, JobEvent.TasksEnded) => (new JobState.Ended(stopping.Outcome), JobEffect.Report),

        // The first reason to stop is the one reported; opening may end after it, and tasks may fail while they stop.
        (JobState.Stopping, JobEvent.Opened or JobEvent.Failed or JobEvent.CancelAsked) => (state, JobEffect.None),
        // Closing what a finished job had open may fail, and then the job did not succeed.
        (JobState.Ended { Outcome: JobOutcome.Finished }, JobEvent.Failed failed) => (new JobState.Ended(new JobOutcome.Failed(failed.Cause)), JobEffect.None),
        (JobState.Ended, JobEvent.CancelAsked or JobEvent.Failed or JobEvent.Opened) => (state, JobEffect.None),
        _ => throw new UnreachableException($"a job that is {state} cannot see {e}"),
    };
}

/// <summary>Where a job is in its life.</summary>
public abstract record JobState
{
    JobState() { }

    /// <summary>Sources, sinks and functions are being opened.</summary>
    public sealed record Starting : JobState;

    /// <summary>Tasks run.</summary>
    public sealed record Running : JobState;

    /// <summary>Tasks are told to stop.</summary>
    /// <param name="Outcome">What will be reported.</param>
    public sealed record Stopping(JobOutcome Outcome) : JobState;

    /// <summary>No task runs any more.</summary>
    /// <param name="Outcome">What is reported.</param>
    public sealed record Ended(JobOutcome Outcome) : JobState;
}

/// <summary>How a job ended.</summary>
public abstract record JobOutcome
{
    JobOutcome() { }

    /// <summary>All input was read, and everything is where the sinks promise it to be.</summary>
    public sealed record Finished : JobOutcome;

    /// <summary>Somebody asked for it.</summary>
    public sealed record Cancelled : JobOutcome;

    /// <summary>Something threw.</summary>
    /// <param name="Cause">The first failure.</param>
    public sealed record Failed(Exception Cause) : JobOutcome;
}

/// <summary>What happens to a job.</summary>
public abstract record JobEvent
{
    JobEvent() { }

    /// <summary>Everything is open.</summary>
    public sealed record Opened : JobEvent;

    /// <summary>Somebody asks the job to stop, without its result.</summary>
    public sealed record CancelAsked : JobEvent;

    /// <summary>Something threw.</summary>
    /// <param name="Cause">What.</param>
    public sealed record Failed(Exception Cause) : JobEvent;

    /// <summary>The last task ended.</summary>
    public sealed record TasksEnded : JobEvent;
}

/// <summary>What is to be done after an event.</summary>
public enum JobEffect
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Let the tasks run.</summary>
    RunTasks,

    /// <summary>Tell the tasks to end.</summary>
    StopTasks,

    /// <summary>Close everything and say how it ended.</summary>
    Report,
}
