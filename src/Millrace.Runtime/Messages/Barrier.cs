namespace Millrace.Runtime.Messages;

/// <summary>How a barrier treats records of channels that have not delivered it yet.</summary>
public enum Alignment
{
    /// <summary>Channels that delivered it wait for the others: the cut is exact and nothing is in flight.</summary>
    Aligned,

    /// <summary>Nothing waits: records between the first and the last arrival are in the snapshot and come again after a restart.</summary>
    AtLeastOnce,

    /// <summary>It overtakes the records on their way to keyed operators, which become part of the snapshot; other edges align.</summary>
    Unaligned,
}

/// <summary>The cut of one checkpoint, travelling with the records. Immutable.</summary>
/// <param name="Id">The id of the checkpoint; grows from one barrier to the next.</param>
/// <param name="Confirmed">The newest checkpoint known to be committed when this one began, which is its parent; zero for none.</param>
/// <param name="Alignment">How it treats channels that have not delivered it.</param>
/// <param name="AlignTimeout">An aligned barrier becomes unaligned, where it can, after waiting so long; <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
/// <param name="IsStop">Whether sources end with it: no record follows, and no end of input either, so that nothing fires.</param>
/// <param name="IsDrain">Whether event time ends with it: all windows and event timers fire before the cut. Only together with <paramref name="IsStop"/>.</param>
/// <param name="IsSavepoint">Whether its keyed states are written whole, and its files into the folder of the savepoint.</param>
/// <param name="Worn">Keyed states write again what they have in packs of this checkpoint, which are mostly in vain by now; zero for none.</param>
public sealed record Barrier(
    long Id, long Confirmed, Alignment Alignment, TimeSpan AlignTimeout, bool IsStop, bool IsDrain, bool IsSavepoint, long Worn = 0)
{
    /// <summary>Whether it may overtake records somewhere, at once or after a while.</summary>
    public bool MayOvertake => Alignment == Alignment.Unaligned || (Alignment == Alignment.Aligned && AlignTimeout != Timeout.InfiniteTimeSpan);
}
