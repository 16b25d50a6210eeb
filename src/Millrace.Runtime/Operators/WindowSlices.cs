using Millrace.State;

namespace Millrace.Runtime.Operators;

/// <summary>One window: its number, the ticks it holds (both inclusive, cut at the ends of time) and what users see of it.</summary>
/// <param name="Number">Windows are counted by their starts. Wider than a tick count: with slides of a few ticks, numbers pass its ends.</param>
/// <param name="First">The first tick.</param>
/// <param name="Last">The last tick.</param>
readonly record struct WindowSpan(Int128 Number, long First, long Last)
{
    /// <summary>The window of the API; one that would end beyond the end of time ends there.</summary>
    public TimeWindow Window => new(new(First), Last == long.MaxValue ? Timestamp.MaxValue : new(Last + 1));
}

/// <summary>
/// The arithmetic of windows, pure. Time is cut into slices such that every window is a whole number of them, so a record is added once,
/// whatever the overlap: at the starts of windows, and, where the size is no multiple of the slide, at their ends too (paired windows,
/// Krishnamurthy et al. 2006). Where the slide exceeds the size, slices are the windows, and the gaps between belong to none.
/// </summary>
sealed class WindowSlices
{
    const long FirstTick = long.MinValue + 1;   // The tick below is Timestamp.None.

    readonly long _size;
    readonly long _slide;
    readonly long _offset;      // From 0 to the slide: the same windows as the offset given.
    readonly long _rest;        // How far ends of windows are behind starts; zero when they coincide.

    /// <param name="windows">Validated when the graph was built.</param>
    public WindowSlices(WindowAssigner windows)
    {
        _size = windows.Size.Ticks;
        _slide = windows.Slide.Ticks;
        Invariant.That(_size > 0 && _slide > 0, "a graph with windows of no size does not get as far as running");
        _offset = Modulo(windows.Offset.Ticks, _slide);
        _rest = _size > _slide ? _size % _slide : 0;
        PerWindow = _size <= _slide ? 1 : _rest == 0 ? _size / _slide : (2 * (_size / _slide)) + 1;
    }

    /// <summary>Slices of a window.</summary>
    public long PerWindow { get; }

    /// <summary>Finds the first tick of the slice of a timestamp; false when it falls in a gap.</summary>
    public bool TryFind(long ticks, out long first)
    {
        long into = Modulo(ticks, _slide) - _offset;
        if (into < 0) into += _slide;
        if (into >= _rest) into -= _rest;
        first = ticks < FirstTick + into ? FirstTick : ticks - into;
        return into < _size;
    }

    /// <summary>The last tick of the slice of a timestamp.</summary>
    public long LastOf(long ticks)
    {
        Int128 into = Modulo(ticks, _slide) - _offset;
        if (into < 0) into += _slide;
        Int128 end = _size <= _slide ? _size : into < _rest ? _rest : _slide;
        return Clamp(ticks - into + end - 1);
    }

    /// <summary>The first window that holds a timestamp, if any does.</summary>
    public Int128 FirstWindowOf(long ticks) => FloorDivide((Int128)ticks - _offset - _size, _slide) + 1;

    /// <summary>The last window that holds a timestamp, if any does.</summary>
    public Int128 LastWindowOf(long ticks) => FloorDivide((Int128)ticks - _offset, _slide);

    /// <summary>A window by its number.</summary>
    public WindowSpan SpanOf(Int128 window)
    {
        Int128 start = (window * _slide) + _offset;
        return new(window, Clamp(start), Clamp(start + _size - 1));
    }

    /// <summary>The last window whose last timestamp a watermark has reached: all before it have fired, too.</summary>
    /// <param name="watermark">Not <see cref="Timestamp.None"/>.</param>
    /// <param name="lateness">How long to wait on top.</param>
    public Int128 LastPassed(Timestamp watermark, TimeSpan lateness)
    {
        // A window that ends at the end of time is over one tick before it, and cleaned up with its lateness, but not later than at it.
        Timestamp endOfTime = new(long.MaxValue - 1);
        return watermark >= endOfTime + lateness
            ? Int128.MaxValue
            : FloorDivide((Int128)watermark.Ticks + 1 - lateness.Ticks - _offset - _size, _slide);
    }

    static long Clamp(Int128 ticks) => ticks <= FirstTick ? FirstTick : ticks >= long.MaxValue ? long.MaxValue : (long)ticks;

    static long Modulo(long value, long divisor)
    {
        long rest = value % divisor;
        return rest < 0 ? rest + divisor : rest;
    }

    static Int128 FloorDivide(Int128 value, long divisor)
    {
        (Int128 quotient, Int128 rest) = Int128.DivRem(value, divisor);
        return rest < 0 ? quotient - 1 : quotient;
    }
}
