namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Finds the newest term without listing: terms have no gaps and are never deleted, so doubling and bisection find the end. A pure value.
/// </summary>
/// <param name="Low">A term that exists; 0 stands for the time before the first.</param>
/// <param name="High">A term that did not exist when it was looked for; null while none is known.</param>
/// <param name="Step">How far to look beyond <paramref name="Low"/> while doubling.</param>
/// <param name="Hint">The term to look at first; 0 for none, or once it was seen.</param>
public sealed record TipSearch(long Low, long? High, long Step, long Hint)
{
    /// <summary>A search from the hint, if there is one.</summary>
    public static TipSearch From(long hint) => new(0, null, 1, hint);

    /// <summary>The term to look at next; null when the search is over.</summary>
    public long? Probe => Hint > 0 ? Hint
        : High is not { } high ? Low + Step
        : high - Low > 1 ? Low + ((high - Low) / 2)
        : null;

    /// <summary>The search after the probed term was found, or not.</summary>
    /// <returns>Null when the hint named a term that is not there: the bucket lost what must never be lost.</returns>
    public TipSearch? After(long probed, bool exists)
    {
        if (Hint > 0) return exists ? new TipSearch(probed, null, 1, 0) : null;
        return exists ? this with { Low = probed, Step = High is null ? Step * 2 : Step } : this with { High = probed };
    }
}
