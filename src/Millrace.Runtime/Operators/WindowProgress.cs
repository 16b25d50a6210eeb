namespace Millrace.Runtime.Operators;

/// <summary>How far the time of the windows has come, and what that means for records and windows.</summary>
sealed class WindowProgress(WindowSlices slices, TimeSpan lateness)
{
    long _liveFrom = long.MinValue;

    /// <summary>The watermark; in processing time the last tick that no record will be assigned to any more.</summary>
    public Timestamp Watermark { get; private set; } = Timestamp.None;

    /// <summary>The last window to have fired, once firing is done.</summary>
    public Int128 Due { get; private set; } = Int128.MinValue;

    /// <summary>The last window whose contents are not needed any more.</summary>
    public Int128 Cleaned { get; private set; } = Int128.MinValue;

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
