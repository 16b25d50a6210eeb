namespace Millrace;

/// <summary>A window of time: from <see cref="Start"/>, inclusive, to <see cref="End"/>, exclusive.</summary>
/// <param name="Start">The first timestamp inside.</param>
/// <param name="End">The first timestamp after.</param>
public readonly record struct TimeWindow(Timestamp Start, Timestamp End)
{
    /// <summary>The last timestamp inside: the timestamp of the window's results, and the watermark at which it fires.</summary>
    public Timestamp MaxTimestamp => new(End.Ticks - 1);
}

/// <summary>The value of one window of one key.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TValue">The value type.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Window">The window.</param>
/// <param name="Value">The aggregate of the records of the key in the window.</param>
public readonly record struct WindowValue<TKey, TValue>(TKey Key, TimeWindow Window, TValue Value)
{
    /// <summary>The first timestamp inside the window.</summary>
    public Timestamp Start => Window.Start;

    /// <summary>The first timestamp after the window.</summary>
    public Timestamp End => Window.End;
}

/// <summary>All records of one window of one key. Valid during the call only.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="key">The key.</param>
/// <param name="window">The window.</param>
/// <param name="records">Borrowed.</param>
public readonly ref struct WindowContent<TKey, T>(TKey key, TimeWindow window, ReadOnlySpan<T> records)
{
    /// <summary>The key.</summary>
    public TKey Key { get; } = key;

    /// <summary>The window.</summary>
    public TimeWindow Window { get; } = window;

    /// <summary>The records, oldest slice first, in order of arrival within a slice. Never empty.</summary>
    public ReadOnlySpan<T> Records { get; } = records;
}
