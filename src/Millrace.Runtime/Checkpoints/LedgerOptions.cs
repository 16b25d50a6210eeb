namespace Millrace.Runtime.Checkpoints;

/// <summary>How a process leads a job. Immutable.</summary>
public sealed record LedgerOptions
{
    /// <summary>How long those ask a store that does not answer who have somebody waiting for them: 10 seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The process, for people. The default is empty.</summary>
    public string Leader { get; init; } = "";

    /// <summary>Where it can be reached, as a URL; empty, the default, when it cannot.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The first pause after a request without answer; doubled up to <see cref="RetryDelayMax"/>. More than zero. The default is 100 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause. At least <see cref="RetryDelay"/>. The default is five seconds.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A leader whose entry has no definite outcome for so long steps down. More than zero. The default is five minutes.</summary>
    public TimeSpan StepDownAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a reader, or a process that claims a term, asks a store that does not answer, before it gives up. More than zero; infinite, the default, for ever.
    /// </summary>
    public TimeSpan GiveUpAfter { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Told once, after five seconds in which the store did not answer, what is waited for; null, the default, for nobody.</summary>
    public Action<string>? Tell { get; init; }

    /// <summary>Entries of a term after which the leader claims the next. At least 2. The default is 10,000.</summary>
    public int EntriesPerTerm { get; init; } = 10_000;

    /// <summary>Entries read ahead while a chain is followed. 1 to 256. The default is 32.</summary>
    public int ReadAhead { get; init; } = 32;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public LedgerOptions Validated()
    {
        if (RetryDelay <= TimeSpan.Zero) throw new ArgumentException($"{nameof(RetryDelay)} is {RetryDelay}; it must be more than zero");
        if (RetryDelayMax < RetryDelay) throw new ArgumentException($"{nameof(RetryDelayMax)} is {RetryDelayMax}; it must be at least {nameof(RetryDelay)}, {RetryDelay}");
        if (StepDownAfter <= TimeSpan.Zero) throw new ArgumentException($"{nameof(StepDownAfter)} is {StepDownAfter}; it must be more than zero");
        if (GiveUpAfter <= TimeSpan.Zero && GiveUpAfter != Timeout.InfiniteTimeSpan) throw new ArgumentException($"{nameof(GiveUpAfter)} is {GiveUpAfter}; it must be more than zero, or infinite");
        if (EntriesPerTerm < 2) throw new ArgumentException($"{nameof(EntriesPerTerm)} is {EntriesPerTerm}; it must be at least 2");
        if (ReadAhead is < 1 or > 256) throw new ArgumentException($"{nameof(ReadAhead)} is {ReadAhead}; it must be from 1 to 256");
        return this;
    }
}
