using Millrace.State.Snapshots;

namespace Millrace.Runtime.Operators;

/// <summary>How far the time of the windows has come, and what that means for records and windows.</summary>
sealed class WindowProgress(WindowSlices slices, TimeSpan lateness)
{
    long _liveFrom = long.MinValue;
    RangeWatermark[] _ahead = [];

    /// <summary>The watermark; in processing time the last tick that no record will be assigned to any more.</summary>
    public Timestamp Watermark { get; private set; } = Timestamp.None;

    /// <summary>The last window to have fired, once firing is done.</summary>
    public Int128 Due { get; private set; } = Int128.MinValue;

    /// <summary>The last window whose contents are not needed any more.</summary>
    public Int128 Cleaned { get; private set; } = Int128.MinValue;

    /// <summary>Slices of keys for which the time of the windows is further: their windows up to there have fired.</summary>
    public IReadOnlyList<RangeWatermark> Ahead => _ahead;

    /// <summary>Takes up slices that are further.</summary>
    public void Restore(IReadOnlyList<RangeWatermark> ahead) => _ahead = [.. ahead];

    /// <summary>All windows that are due have fired: slices that are not further any more are like the others.</summary>
    public void ForgetReached()
    {
        if (_ahead.Length > 0) _ahead = Array.FindAll(_ahead, part => part.Watermark > Watermark);
    }

    /// <summary>Whether a window has fired for a key already, before the operator was restored.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="window">The window's last tick.</param>
    public bool HadFired(uint hash, Timestamp window) => _ahead.Length > 0 && window <= AheadOf(hash);

    /// <summary>The last window to have fired for a key, and the last whose contents it does not need any more.</summary>
    public (Int128 Due, Int128 Cleaned) Of(uint hash)
    {
        Timestamp time = AheadOf(hash);
        return time <= Watermark ? (Due, Cleaned) : (slices.LastPassed(time, TimeSpan.Zero), slices.LastPassed(time, lateness));
    }

    Timestamp AheadOf(uint hash)
    {
        foreach (RangeWatermark part in _ahead)
        {
            if (part.Range.Contains(hash)) return part.Watermark;
        }

        return Timestamp.None;
    }

    /// <summary>Moves on; never back.</summary>
    public void Advance(Timestamp watermark)
    {
        if (watermark <= Watermark) return;
        Watermark = watermark;
        Due = slices.LastPassed(watermark, TimeSpan.Zero);
        Cleaned = lateness == TimeSpan.Zero ? Due : slices.LastPassed(watermark, lateness);
        _liveFrom = Cleaned == Int128.MaxValue ? long.MaxValue : slices.SpanOf(Cleaned + 1).First;
    }

    /// <summary>Finds the first tick of a timestamp's slice; false when no window that is still kept has it.</summary>
    public bool TryFind(long ticks, out long first) => slices.TryFind(ticks, out first) && ticks >= _liveFrom && Cleaned != Int128.MaxValue;

    /// <summary>Whether a record that no window takes came too late, rather than falling between windows.</summary>
    public bool IsLate(Timestamp timestamp) => timestamp + lateness <= Watermark;
}
