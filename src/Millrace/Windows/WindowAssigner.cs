namespace Millrace;

/// <summary>How records are assigned to windows of time. Windows align to the Unix epoch plus an offset. Make one with <see cref="Tumbling"/> or <see cref="Sliding"/>.</summary>
public sealed record WindowAssigner
{
    internal WindowAssigner(TimeSpan size, TimeSpan slide, TimeSpan offset)
    {
        Size = size;
        Slide = slide;
        Offset = offset;
    }

    /// <summary>How long a window is. More than zero; validated when the graph is built.</summary>
    public TimeSpan Size { get; }

    /// <summary>How far apart the starts of windows are; equal to <see cref="Size"/> for tumbling windows. More than zero; validated when the graph is built.</summary>
    public TimeSpan Slide { get; }

    /// <summary>By how much the starts are shifted from the Unix epoch. Smaller in size than <see cref="Slide"/>; validated when the graph is built.</summary>
    public TimeSpan Offset { get; private init; }

    /// <summary>Whether windows follow the clock of the machine instead of event time. The default is event time.</summary>
    public bool IsProcessingTime { get; private init; }

    /// <summary>The same windows, shifted: days of New York start at five hours UTC.</summary>
    /// <param name="offset">Smaller in size than the slide.</param>
    public WindowAssigner WithOffset(TimeSpan offset) => this with { Offset = offset };

    /// <summary>The same windows on the clock of the machine. Results then depend on when records arrive; lateness does not apply.</summary>
    public WindowAssigner InProcessingTime() => this with { IsProcessingTime = true };

    /// <inheritdoc/>
    public override string ToString() =>
        (Size == Slide ? $"tumbling {Size:g}" : $"sliding {Size:g} every {Slide:g}")
        + (Offset == TimeSpan.Zero ? "" : $" offset {Offset:g}") + (IsProcessingTime ? " in processing time" : "");
}

/// <summary>Windows of equal size, one after the other.</summary>
public static class Tumbling
{
    /// <summary>Windows of <paramref name="size"/>, aligned to the Unix epoch.</summary>
    /// <param name="size">More than zero. Validated when the graph is built.</param>
    public static WindowAssigner Of(TimeSpan size) => new(size, size, TimeSpan.Zero);
}

/// <summary>Windows of equal size that start every slide, and so overlap when the slide is smaller than the size.</summary>
public static class Sliding
{
    /// <summary>Windows of <paramref name="size"/> that start every <paramref name="slide"/>, aligned to the Unix epoch. The cost of a record does not depend on the ratio.</summary>
    /// <param name="size">More than zero. Validated when the graph is built.</param>
    /// <param name="slide">More than zero. Validated when the graph is built.</param>
    public static WindowAssigner Of(TimeSpan size, TimeSpan slide) => new(size, slide, TimeSpan.Zero);
}
