namespace Millrace.State.Snapshots;

/// <summary>What a state is told of the snapshot that it is restored from. Immutable.</summary>
/// <param name="Written">The state as it was written.</param>
/// <param name="TakenAt">When the snapshot was begun, by the leader's clock.</param>
/// <param name="Watermark">Where event time goes on in the instance that is restored; none where it has not begun.</param>
/// <param name="Watermarks">Where event time stood in the instances that wrote it, by slice of the hash space.</param>
public sealed record RestoredFrom(StateSchema Written, Timestamp TakenAt, Timestamp Watermark, IReadOnlyList<RangeWatermark> Watermarks)
{
    /// <summary>Where event time stood in the instance that wrote the rows of a hash; none where it had not begun.</summary>
    public Timestamp WatermarkOf(uint hash)
    {
        foreach (RangeWatermark part in Watermarks)
        {
            if (part.Range.Contains(hash)) return part.Watermark;
        }

        return Timestamp.None;
    }

    /// <summary>Whether what was last renewed then was over when the snapshot was begun, by the TTL it was written with. State without one never was.</summary>
    /// <param name="hash">The hash of its key.</param>
    /// <param name="renewed">The stamp. None is before there was any time, and what has it counts from a time that nobody has written down.</param>
    public bool WasOver(uint hash, Timestamp renewed)
    {
        if (Written.Ttl is not { } ttl || renewed.IsNone) return false;
        Timestamp cut = ttl.Time == TtlTime.EventTime ? WatermarkOf(hash) : TakenAt;
        return !cut.IsNone && renewed + ttl.Lifetime <= cut;
    }
}
