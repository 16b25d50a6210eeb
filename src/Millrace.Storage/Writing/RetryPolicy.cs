namespace Millrace.Storage;

/// <summary>How long and how often a store is asked again. The pauses double, and each is drawn evenly from half of it to all of it.</summary>
public sealed record RetryPolicy
{
    /// <summary>The defaults.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>After this time no further attempt begins.</summary>
    /// <value>Zero (one attempt) to one hour. The default is 30 seconds.</value>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first pause, before jitter.</summary>
    /// <value>One millisecond to one minute. The default is 50 ms.</value>
    public TimeSpan PauseMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause, before jitter.</summary>
    /// <value><see cref="PauseMin"/> to ten minutes. The default is 5 seconds.</value>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        Within(RetryFor, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(RetryFor));
        Within(PauseMin, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), nameof(PauseMin));
        Within(PauseMax, PauseMin, TimeSpan.FromMinutes(10), nameof(PauseMax));
    }

    /// <summary>The pause after an attempt.</summary>
    /// <param name="attempt">The attempt that just failed; the first is 1.</param>
    /// <param name="share">The jitter: at least 0, less than 1.</param>
    public TimeSpan Pause(int attempt, double share)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        // Thirty doublings of a millisecond are more than the longest pause allowed.
        double full = Math.Min(PauseMax.Ticks, PauseMin.Ticks * Math.Pow(2, Math.Min(attempt - 1, 30)));
        return TimeSpan.FromTicks((long)(full * (0.5 + (share / 2))));
    }

    static void Within(TimeSpan value, TimeSpan min, TimeSpan max, string name)
    {
        if (value < min || value > max) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {min} to {max}.");
    }
}
