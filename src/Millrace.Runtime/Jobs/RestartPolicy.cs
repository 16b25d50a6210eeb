namespace Millrace.Runtime.Jobs;

/// <summary>
/// How long to wait after a failure, and when to give up. A closed set, with the names and defaults Flink users know; immutable, and a
/// pure function with <see cref="RestartState"/>.
/// </summary>
public abstract record RestartPolicy
{
    RestartPolicy() { }

    /// <summary>The default: 1 s, then longer and longer up to 1 min, for ever. A completed checkpoint begins with 1 s again.</summary>
    public static RestartPolicy Default { get; } = new ExponentialDelay();

    /// <summary>Waits longer after each failure in a row. A completed checkpoint ends the row.</summary>
    public sealed record ExponentialDelay : RestartPolicy
    {
        /// <summary>The first wait. More than zero, at most <see cref="Max"/>. The default is one second.</summary>
        public TimeSpan Initial { get; init; } = TimeSpan.FromSeconds(1);

        /// <summary>The longest wait. At most 24 hours. The default is one minute.</summary>
        public TimeSpan Max { get; init; } = TimeSpan.FromMinutes(1);

        /// <summary>How much longer each time. 1 to 100. The default is 1.5.</summary>
        public double Multiplier { get; init; } = 1.5;

        /// <summary>How far the wait may differ either way, so that jobs do not restart in step. 0 to 1, a part of the wait. The default is 0.1.</summary>
        public double Jitter { get; init; } = 0.1;

        /// <summary>Restarts in a row before giving up. Zero or more; null, the default, for no end.</summary>
        public int? AttemptsMax { get; init; }
    }

    /// <summary>Waits the same each time, so many times in all.</summary>
    public sealed record FixedDelay : RestartPolicy
    {
        /// <summary>Restarts in all. Zero or more. The default is one.</summary>
        public int Attempts { get; init; } = 1;

        /// <summary>The wait. Zero to 24 hours. The default is one second.</summary>
        public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
    }

    /// <summary>Gives up when failures come too fast.</summary>
    public sealed record FailureRate : RestartPolicy
    {
        /// <summary>Failures that are tolerated within <see cref="Interval"/>. 1 to 1,000. The default is one.</summary>
        public int Failures { get; init; } = 1;

        /// <summary>The time they are counted in. More than zero. The default is one minute.</summary>
        public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

        /// <summary>The wait. Zero to 24 hours. The default is one second.</summary>
        public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
    }

    /// <summary>The first failure is the last.</summary>
    public sealed record None : RestartPolicy;

    /// <summary>Checks the ranges, once.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public RestartPolicy Validated()
    {
        (bool isValid, string rule) = this switch
        {
            ExponentialDelay e when e.Initial <= TimeSpan.Zero || e.Initial > e.Max || e.Max > Day => (false, $"the first wait, {e.Initial}, must be more than zero and at most the longest, {e.Max}, and that at most 24 hours"),
            ExponentialDelay { Multiplier: not (>= 1 and <= 100) } e => (false, $"the multiplier, {e.Multiplier}, must be from 1 to 100"),
            ExponentialDelay { Jitter: not (>= 0 and <= 1) } e => (false, $"the jitter, {e.Jitter}, must be from 0 to 1"),
            ExponentialDelay { AttemptsMax: < 0 } or FixedDelay { Attempts: < 0 } => (false, "the number of restarts must be zero or more"),
            FixedDelay f when f.Delay < TimeSpan.Zero || f.Delay > Day => (false, $"the wait, {f.Delay}, must be from zero to 24 hours"),
            FailureRate r when r.Delay < TimeSpan.Zero || r.Delay > Day => (false, $"the wait, {r.Delay}, must be from zero to 24 hours"),
            FailureRate { Failures: < 1 or > 1_000 } r => (false, $"the tolerated failures, {r.Failures}, must be from 1 to 1000"),
            FailureRate r when r.Interval <= TimeSpan.Zero => (false, $"the interval, {r.Interval}, must be more than zero"),
            _ => (true, ""),
        };
        return isValid ? this : throw new ArgumentException($"restart policy {GetType().Name}: {rule}");
    }

    static TimeSpan Day => TimeSpan.FromHours(24);
}
