using Millrace.State.Snapshots;

namespace Millrace.State.Expiry;

/// <summary>
/// What the stamps of a snapshot mean to the state that is restored from it, which may have another TTL, or the first one, or none any more.
/// What was over at the snapshot stays over, by the TTL it was written with; what lived is judged by the one that is declared now.
/// </summary>
/// <param name="from">The snapshot; null for one that was written just so.</param>
/// <param name="ttl">The TTL that is declared now, at the time of the restore.</param>
sealed class RestoredStamps(RestoredFrom? from, RowTtl ttl)
{
    readonly StateTtl? _written = from is null ? ttl.Declared : from.Written.Ttl;

    /// <summary>A restore begins: sets the time by which rows are over to that of the restore.</summary>
    public static RestoredStamps Begin(RestoredFrom from, RowTtl ttl)
    {
        ttl.ReadClock();
        if (ttl.Declared.Time == TtlTime.EventTime) ttl.Advance(from.Watermark.Ticks);
        return new(from, ttl);
    }

    /// <summary>Whether the rows of the snapshot have stamps.</summary>
    public bool AreThere => _written is not null;

    /// <summary>Whether a restored row is to go.</summary>
    /// <param name="hash">The hash of its key.</param>
    /// <param name="stamp">The stamp it was written with; any if it has none.</param>
    public bool AreOver(uint hash, long stamp)
    {
        if (_written is null) return false;
        return from?.WasOver(hash, new(stamp)) == true || ttl.IsOver(Stamp(stamp));
    }

    /// <summary>The stamp of a restored row that stays: that of the restore, unless it was written in the same kind of time.</summary>
    public long Stamp(long stamp) => _written?.Time == ttl.Declared.Time && stamp != RowTtl.Unstamped ? stamp : ttl.Now;
}
