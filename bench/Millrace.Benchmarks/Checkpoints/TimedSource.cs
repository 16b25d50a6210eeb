using System.Runtime.CompilerServices;
using Millrace.Benchmarks.Measuring;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// Reads the same records again and again until a time is over; each round's event time goes on where the one before ended. The clock starts once
/// every record was read once and the runtime has had time to compile.
/// </summary>
/// <param name="records">Borrowed; their times move on.</param>
/// <param name="advance">Moves the times of some records on by one round.</param>
/// <param name="warmUp">How long it runs before it is timed, at least.</param>
/// <param name="time">How long it is timed.</param>
sealed class TimedSource<T>(T[] records, AdvanceTime<T> advance, TimeSpan warmUp, TimeSpan time) : ISource<T, PassSplit>
{
    public bool IsBounded => true;

    /// <summary>What was measured; read it when the job has ended.</summary>
    public TimedRate Rate { get; } = new();

    public async IAsyncEnumerable<PassSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield return new(0);
    }

    public ValueTask<ISplitReader<T, PassSplit>> OpenAsync(PassSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(this, records, advance, warmUp, time));

    sealed class Reader(TimedSource<T> source, T[] records, AdvanceTime<T> advance, TimeSpan warmUp, TimeSpan time) : ISplitReader<T, PassSplit>
    {
        readonly long _opened = TimeProvider.System.GetTimestamp();
        long _read;
        int _next;

        public PassSplit Position => new(_read);

        public ReadStatus TryRead(ref BatchWriter<T> batch)
        {
            if (!source.Rate.IsRunning && _read >= records.Length && TimeProvider.System.GetElapsedTime(_opened) >= warmUp) source.Rate.Begin(_read);
            if (source.Rate.IsRunning && source.Rate.Elapsed >= time)
            {
                source.Rate.End(_read);
                return ReadStatus.Finished;
            }

            Span<T> some = records.AsSpan(_next, Math.Min(batch.Room, records.Length - _next));
            batch.AddRange(some);
            advance(some);
            _read += some.Length;
            _next = (_next + some.Length) % records.Length;
            return ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>Moves the times of records on.</summary>
delegate void AdvanceTime<T>(Span<T> records);

/// <summary>Records and time of a run. Written by one thread, read after the run.</summary>
sealed class TimedRate
{
    long _begun;
    long _records;
    TimeSpan _elapsed, _onCores;

    public bool IsRunning => _begun != 0;

    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_begun);

    /// <summary>When it began, by the clock of the machine.</summary>
    public DateTimeOffset BegunAt { get; private set; }

    public DateTimeOffset EndedAt { get; private set; }

    public void Begin(long records)
    {
        _records = records;
        BegunAt = TimeProvider.System.GetUtcNow();
        _onCores = OnCores;
        _begun = TimeProvider.System.GetTimestamp();
    }

    public void End(long records)
    {
        _elapsed = Elapsed;
        _onCores = OnCores - _onCores;
        EndedAt = TimeProvider.System.GetUtcNow();
        _records = records - _records;
    }

    /// <summary>Million records for each second that the process had a core, all its threads together; null where the system does not tell.</summary>
    public double? MillionOnCore => _onCores > TimeSpan.Zero ? _records / _onCores.TotalMicroseconds : null;

    static TimeSpan OnCores => OperatingSystem.IsLinux() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;

    /// <summary>Million records a second.</summary>
    public double Million => _elapsed > TimeSpan.Zero ? _records / _elapsed.TotalMicroseconds : throw new BenchmarkException("the job ended before its time");
}
