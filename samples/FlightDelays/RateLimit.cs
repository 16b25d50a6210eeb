using Millrace;
using Millrace.Engine;

namespace Flights;

/// <summary>Slows a source down, to watch a job at work.</summary>
public static class RateLimit
{
    /// <summary>The same source, with at most so many records a second from each split.</summary>
    /// <param name="source">Its records have no timestamps of their own.</param>
    /// <param name="recordsPerSecond">More than zero; infinity for no limit.</param>
    /// <param name="side">The side output of the source.</param>
    public static RateLimitedSource<T, TSplit, TSide> AtMost<T, TSplit, TSide>(
        this ISource<T, TSplit> source, double recordsPerSecond, SideOutput<TSide> side)
        where TSplit : ISplit =>
        new(source, recordsPerSecond, side);
}

/// <summary>A source that waits for the clock. Made by <see cref="RateLimit.AtMost"/>.</summary>
public sealed class RateLimitedSource<T, TSplit, TSide>(ISource<T, TSplit> source, double rate, SideOutput<TSide> side) : ISource<T, TSplit>
    where TSplit : ISplit
{
    public bool IsBounded => source.IsBounded;

    public IEnumerable<string> Problems =>
        rate > 0 ? source.Problems : source.Problems.Append($"the rate is {rate} records a second; give more than zero");

    public IAsyncEnumerable<TSplit> DiscoverAsync(SourceContext context, CancellationToken cancellationToken) =>
        source.DiscoverAsync(context, cancellationToken);

    public async ValueTask<ISplitReader<T, TSplit>> OpenAsync(TSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        ISplitReader<T, TSplit> reader = await source.OpenAsync(split, context, cancellationToken);
        return double.IsPositiveInfinity(rate) ? reader : new Reader(reader, rate, side, context.Time);
    }

    public override string ToString() => double.IsPositiveInfinity(rate) ? $"{source}" : $"{source}, {rate} records a second";

    sealed class Reader : ISplitReader<T, TSplit>
    {
        readonly ISplitReader<T, TSplit> _reader;
        readonly double _rate;
        readonly SideOutput<TSide> _side;
        readonly TimeProvider _time;
        readonly long _opened;
        // The reader fills these, of which it is given as much as is due; then they are handed on.
        readonly T[] _values = new T[1_024];
        readonly TSide[] _sideValues = new TSide[1_024];
        readonly OutputBuffer<T> _sides = new();
        readonly OutputBuffer<TSide> _sideBuffer = new();
        long _read;

        public Reader(ISplitReader<T, TSplit> reader, double rate, SideOutput<TSide> side, TimeProvider time)
        {
            (_reader, _rate, _side, _time, _opened) = (reader, rate, side, time, time.GetTimestamp());
            _sides.BindSides([new SidePort(side, _sideBuffer)]);
        }

        public TSplit Position => _reader.Position;

        // The first record is due at once.
        long Due => 1 + (long)(_time.GetElapsedTime(_opened).TotalSeconds * _rate) - _read;

        public ReadStatus TryRead(ref BatchWriter<T> batch)
        {
            int count = (int)Math.Min(Due, Math.Min(batch.Room, _values.Length));
            if (count <= 0) return ReadStatus.Empty;
            _sideBuffer.Bind(_sideValues, [], 0, _sideValues.Length);
            BatchWriter<T> writer = new(_values.AsSpan(0, count), [], _sides);
            ReadStatus status = _reader.TryRead(ref writer);
            batch.AddRange(_values.AsSpan(0, writer.Count));
            do
            {
                for (int i = 0; i < _sideBuffer.Count; i++) batch.AddTo(_side, _sideValues[i]);
                _sideBuffer.Bind(_sideValues, [], 0, _sideValues.Length);
                _sideBuffer.DrainOverdraft();
            }
            while (_sideBuffer.Count > 0);
            _read += writer.Count;
            return status;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            if (Due > 0) return _reader.WaitAsync(cancellationToken);
            double seconds = (_read / _rate) - _time.GetElapsedTime(_opened).TotalSeconds;
            // Timers count in milliseconds, and up to 49 days; waking early only means asking again.
            double milliseconds = Math.Clamp(Math.Ceiling(seconds * 1_000), 1, 60_000);
            return new(Task.Delay(TimeSpan.FromMilliseconds(milliseconds), _time, cancellationToken));
        }

        public ValueTask DisposeAsync() => _reader.DisposeAsync();
    }
}
