namespace Millrace;

/// <summary>The exit codes of programs run by <see cref="MillraceHost"/>.</summary>
public static class ExitCodes
{
    /// <summary>The job finished, or what was asked for was printed.</summary>
    public const int Finished = 0;

    /// <summary>The job failed; the standard error says where and why.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong, or the job cannot run as described. Nothing was started.</summary>
    public const int Refused = 2;

    /// <summary>User code did not return after the job was told to stop; the process ended without it.</summary>
    public const int Stuck = 70;

    /// <summary>Cancelled by Ctrl-C (SIGINT) or by the caller's token.</summary>
    public const int Cancelled = 130;

    /// <summary>Cancelled by SIGTERM.</summary>
    public const int Terminated = 143;
}
