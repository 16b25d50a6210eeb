namespace Millrace.State.Expiry;

/// <summary>
/// When to go through the rows of a state for those that are over. A pass notes the oldest row it leaves: before that one is over, another
/// pass would find nothing. Passes are an eighth of the lifetime apart at least, so what is over takes an eighth more memory at most where
/// rows come at an even pace, and no row is looked at more often than that. Pure.
/// </summary>
/// <param name="lifetime">The TTL.</param>
sealed class SweepSchedule(TimeSpan lifetime)
{
    /// <summary>Passes in one lifetime, at most.</summary>
    public const int PassesPerLifetime = 8;

    readonly long _spacing = Math.Max(lifetime.Ticks / PassesPerLifetime, 1);
    long _due = long.MinValue + 1;      // The next pass begins when so old a stamp is over.
    long _oldest;
    long _earliestNext;

    /// <summary>Whether a pass is under way.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>When the next pass is due; the end of time if it is too far away to say.</summary>
    public Timestamp NextAt => new Timestamp(_due) + lifetime;

    /// <summary>Begins a pass if it is time for one.</summary>
    /// <param name="now">Where time stands.</param>
    /// <param name="upTo">The newest stamp that is over.</param>
    /// <returns>Whether a pass is under way.</returns>
    public bool TryBegin(long now, long upTo)
    {
        if (IsRunning) return true;
        if (upTo < _due) return false;
        IsRunning = true;
        // What is renewed from now on has this stamp or a later one.
        _oldest = now;
        _earliestNext = upTo > long.MaxValue - _spacing ? long.MaxValue : upTo + _spacing;
        return true;
    }

    /// <summary>A row stays.</summary>
    public void Keep(long stamp)
    {
        if (stamp < _oldest) _oldest = stamp;
    }

    /// <summary>All rows were looked at.</summary>
    public void End()
    {
        IsRunning = false;
        _due = Math.Max(_oldest, _earliestNext);
    }
}
