using Millrace.Runtime.Planning;

namespace Millrace.Runtime;

/// <summary>A job that runs in this process. Thread-safe.</summary>
public interface IRunningJob
{
    /// <summary>How the job runs.</summary>
    PlanModel Plan { get; }

    /// <summary>
    /// Completes when the job has ended as it should, or was cancelled, and everything is closed. Fails with <see cref="JobFailedException"/>
    /// when it failed, with <see cref="StuckUserCodeException"/> as the cause when user code did not return.
    /// </summary>
    Task<JobResult> Completion { get; }

    /// <summary>What the job has done so far.</summary>
    JobStatus Status { get; }

    /// <summary>Asks the job to stop without its result: what is under way is dropped. Returns at once.</summary>
    void Cancel();
}

/// <summary>How a job ended.</summary>
public enum JobEnding
{
    /// <summary>Its input ended, and everything was committed.</summary>
    Finished,

    /// <summary>It was cancelled, for good.</summary>
    Cancelled,

    /// <summary>Its process was asked to end; a durable job goes on when it is started again.</summary>
    Interrupted,

    /// <summary>It was stopped with a savepoint.</summary>
    Stopped,

    /// <summary>It had ended before, so nothing was run.</summary>
    AlreadyEnded,
}
