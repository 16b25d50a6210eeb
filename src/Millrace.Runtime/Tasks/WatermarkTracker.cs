namespace Millrace.Runtime.Tasks;

/// <summary>Gives the records of one split their timestamps, and knows how far event time has come there. Owned by one task.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="strategy">The strategy.</param>
public sealed class WatermarkTracker<T>(WatermarkStrategy<T> strategy)
{
    readonly Func<T, Timestamp>? _timestampOf = strategy.TimestampOf;
    readonly bool _hasWatermarks = strategy.OutOfOrderness is not null;
    readonly TimeSpan _bound = strategy.OutOfOrderness ?? TimeSpan.Zero;
    Timestamp _largest = Timestamp.None;
    Timestamp _behind = Timestamp.None;
    Timestamp _sent = Timestamp.None;

    /// <summary>
    /// The watermark after the records seen: the largest timestamp minus the bound minus one tick; none before the first, and where that
    /// would be below the smallest timestamp.
    /// </summary>
    public Timestamp Watermark => !_hasWatermarks || _behind <= Timestamp.MinValue ? Timestamp.None : _behind - TimeSpan.FromTicks(1);

    /// <summary>The largest timestamp seen; none before the first.</summary>
    public Timestamp Largest => _largest;

    /// <summary>The watermark that later records are compared with; none before the first was handed on.</summary>
    public Timestamp LastSent => _sent;

    /// <summary>Goes on where another left off. Before the first record.</summary>
    /// <param name="largest">Its <see cref="Largest"/>.</param>
    /// <param name="sent">Its <see cref="LastSent"/>.</param>
    public void Restore(Timestamp largest, Timestamp sent)
    {
        _largest = largest;
        _behind = largest.IsNone ? largest : largest - _bound;
        _sent = sent;
    }

    /// <summary>Goes on from a watermark, where that is all that is known of the one before. Before the first record.</summary>
    /// <param name="watermark">Its <see cref="Watermark"/>; none for a new beginning.</param>
    public void RestoreWatermark(Timestamp watermark)
    {
        if (watermark.IsNone || !_hasWatermarks) return;
        Restore(watermark + TimeSpan.FromTicks(1) + _bound, Timestamp.None);
    }

    /// <summary>The watermark was handed on to travel before every later record: one behind it is late already.</summary>
    public void Sent() => _sent = Watermark;

    /// <summary>
    /// Fills in the timestamps of records, up to the first that is behind a watermark not yet handed on: that watermark has to travel
    /// before the record, so that lateness is a matter of the records' order and not of where batches end.
    /// </summary>
    /// <param name="values">The records.</param>
    /// <param name="timestamps">As long as <paramref name="values"/>; holds the source's own timestamps where the strategy reads none.</param>
    /// <param name="position">Moved to the first record not yet given a timestamp.</param>
    public void Assign(ReadOnlySpan<T> values, Span<Timestamp> timestamps, ref int position)
    {
        Timestamp behind = _behind;
        Timestamp largest = _largest;
        Timestamp sent = _sent;
        for (int at = position; at < values.Length; at++)
        {
            position = at;
            Timestamp timestamp = _timestampOf is null ? timestamps[at] : _timestampOf(values[at]);
            if (timestamp > largest)
            {
                if (timestamp == Timestamp.MaxValue) throw new TimestampException(timestamp, values[at]);
                largest = timestamp;
                behind = largest - _bound;
            }
            else if (timestamp < behind && _hasWatermarks && behind > sent + TimeSpan.FromTicks(1))
            {
                _behind = behind;
                _largest = largest;
                return;
            }
            else if (timestamp.IsNone)
            {
                throw new TimestampException(timestamp, values[at]);
            }

            timestamps[at] = timestamp;
        }

        position = values.Length;
        _behind = behind;
        _largest = largest;
    }
}

/// <summary>A record has no usable timestamp on a stream with event time.</summary>
/// <param name="timestamp">The timestamp.</param>
/// <param name="record">The record.</param>
public sealed class TimestampException(Timestamp timestamp, object? record) : Exception(timestamp.IsNone
    ? $"the record has no timestamp, but the stream has event time; give the watermark strategy a function that reads one, or let the source supply it (record: {record})"
    : $"the record's timestamp is {timestamp}, which is reserved for the end of input; use an earlier one (record: {record})");
