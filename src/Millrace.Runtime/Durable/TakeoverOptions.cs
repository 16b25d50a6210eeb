namespace Millrace.Runtime.Durable;

/// <summary>When a process takes a job over from a leader that does not answer. Immutable.</summary>
public sealed record TakeoverOptions
{
    /// <value>How long a leader that does not answer must have written nothing, by the clock of who asks. More than zero. The default is 30 s.</value>
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>How long to wait between two looks at a leader. More than zero. The default is 500 ms.</value>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <value>The longest that a standby waits, by chance, before it takes over, so that of several one is usually first. Zero or more. The default is 1 s.</value>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public TakeoverOptions Validated()
    {
        if (After <= TimeSpan.Zero) throw new ArgumentException($"{nameof(After)} is {After}; it must be more than zero");
        if (LookEvery <= TimeSpan.Zero) throw new ArgumentException($"{nameof(LookEvery)} is {LookEvery}; it must be more than zero");
        if (BackoffMax < TimeSpan.Zero) throw new ArgumentException($"{nameof(BackoffMax)} is {BackoffMax}; it must be zero or more");
        return this;
    }
}
