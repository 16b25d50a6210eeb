namespace Millrace;

/// <summary>The exit codes of programs run by <see cref="MillraceHost"/>.</summary>
public static class ExitCodes
{
    /// <summary>The job finished or was stopped with a savepoint, or had finished before; or what was asked for was done.</summary>
    public const int Finished = 0;

    /// <summary>The job failed, or what was asked of it could not be done; the standard error says where and why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or the job cannot run as described or start as asked. Nothing was started.</summary>
    public const int Refused = 2;

    /// <summary>Another process runs the job. Nothing was started.</summary>
    public const int LedElsewhere = 3;

    /// <summary>Another process took the job over while this one ran it. The other one goes on. A process that was started with <c>--standby</c> waits instead.</summary>
    public const int Fenced = 4;

    /// <summary>Somebody ended the job for good, with the verb <c>cancel</c>.</summary>
    public const int CancelledForGood = 5;

    /// <summary>No process runs the job that was to be asked.</summary>
    public const int NotRunning = 6;

    /// <summary>User code did not return after the job was told to stop; the process ended without it.</summary>
    public const int Stuck = 70;

    /// <summary>Cancelled by Ctrl-C (SIGINT) or by the caller's token. A job that keeps its state goes on with the next start.</summary>
    public const int Cancelled = 130;

    /// <summary>Cancelled by SIGTERM. A job that keeps its state goes on with the next start.</summary>
    public const int Terminated = 143;
}
