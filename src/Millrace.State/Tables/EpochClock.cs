namespace Millrace.State.Tables;

/// <summary>
/// Counts the snapshots and clears of the tables of one state. A row carries the count at its last write, so that rows changed since a
/// snapshot are known without looking at the snapshot. Owned by one task; not thread-safe.
/// </summary>
public sealed class EpochClock
{
    /// <summary>The epoch of what is written now; from one on.</summary>
    public uint Now { get; private set; } = 1;

    /// <summary>Begins the next epoch.</summary>
    internal void Advance()
    {
        Now++;
        Invariant.That(Now != 0, "an epoch counts clears and snapshots, and never comes near its limit");
    }
}
