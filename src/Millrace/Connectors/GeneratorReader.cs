namespace Millrace;

/// <summary>Makes the records of one split, as fast as they are taken or as they fall due.</summary>
sealed class GeneratorReader<T> : ISplitReader<T, GeneratorSplit>
{
    readonly Func<GeneratorRecord, T> _make;
    readonly long _seed;
    readonly GeneratorSplit _split;
    readonly long _end;
    readonly double? _rate;
    readonly TimeProvider _time;
    readonly long _opened;
    readonly long _firstIndex;
    long _next;

    public GeneratorReader(Func<GeneratorRecord, T> make, long seed, GeneratorSplit split, long end, double? rate, TimeProvider time)
    {
        _make = make;
        _seed = seed;
        _split = split;
        _end = end;
        _rate = rate;
        _time = time;
        _opened = time.GetTimestamp();
        _next = split.Next;
        // The row of one record per split that this reader begins in: splits opened together keep to one timetable.
        _firstIndex = split.Next - split.Part;
    }

    public GeneratorSplit Position => _split with { Next = _next };

    public ReadStatus TryRead(ref BatchWriter<T> batch)
    {
        long end = Math.Min(_end, DueEnd());
        long next = _next;
        while (next < end && batch.HasRoom)
        {
            batch.Add(_make(new GeneratorRecord(_seed, next)));
            // Unbounded generators stop at the last index there is; that takes three centuries at a record per nanosecond.
            next = next > long.MaxValue - _split.Parts ? long.MaxValue : next + _split.Parts;
        }

        _next = next;
        return next >= _end ? ReadStatus.Finished : next >= end ? ReadStatus.Empty : ReadStatus.More;
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_rate is not { } rate || _next < DueEnd()) return ValueTask.CompletedTask;
        double seconds = ((_next - _firstIndex) / rate) - _time.GetElapsedTime(_opened).TotalSeconds;
        // Whole milliseconds, rounded up: timers count in milliseconds, and one rounded down would wake too early, again and again.
        // At most a minute, so that no rate is beyond a timer; waking early only means asking again.
        double milliseconds = Math.Clamp(Math.Ceiling(seconds * 1000), 1, 60_000);
        return new(Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _time, cancellationToken));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The index after the last one that is due: computed from the start each time, so that no error adds up.</summary>
    long DueEnd()
    {
        if (_rate is not { } rate) return long.MaxValue;
        double due = Math.Floor(_time.GetElapsedTime(_opened).Ticks * rate / TimeSpan.TicksPerSecond) + 1;
        return due >= long.MaxValue - _firstIndex ? long.MaxValue : _firstIndex + (long)due;
    }
}
