namespace Millrace.Testing.Simulation;

/// <summary>How a process ends, or stands still, at one of its effects.</summary>
/// <param name="At">The effect, counted from zero.</param>
/// <param name="IsBefore">Whether before it takes effect; otherwise after.</param>
/// <param name="IsPause">Whether it stands still; otherwise it ends.</param>
sealed record EffectEnd(int At, bool IsBefore, bool IsPause)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(IsPause ? "paused" : "crash")} {(IsBefore ? "before" : "after")} effect {At}";
}

/// <summary>The effects of one process on the outside, counted, and where it is to end. Used by one thread.</summary>
/// <param name="end">Where; null for nowhere.</param>
sealed class EffectPlan(EffectEnd? end = null)
{
    readonly TaskCompletionSource _ended = new();

    /// <summary>How many effects there were.</summary>
    public int Count { get; private set; }

    /// <summary>What the last of them was.</summary>
    public string Last { get; private set; } = "";

    /// <summary>Completes when the process has ended, or stands still as planned.</summary>
    public Task Ended => _ended.Task;

    /// <summary>An effect is about to be.</summary>
    /// <returns>How the process ends at it; null when it does not.</returns>
    public EffectEnd? Next(string what)
    {
        Last = what;
        return Count++ == end?.At ? end : null;
    }

    /// <summary>The process has ended.</summary>
    public void OnEnded() => _ended.TrySetResult();
}
