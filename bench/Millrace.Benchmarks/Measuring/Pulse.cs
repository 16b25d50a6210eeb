using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Millrace.Benchmarks.Measuring;

/// <summary>A record that knows when its source added it.</summary>
/// <param name="Key">A running number.</param>
/// <param name="AddedAt">A timestamp of the high-resolution clock.</param>
readonly record struct Pulse(long Key, long AddedAt);

/// <summary>Latencies, and what the process used meanwhile. The source's thread begins and ends it, the sink's thread adds to it.</summary>
sealed class PulseLog(int recordsPerSecond, TimeSpan warmUp, TimeSpan time)
{
    readonly double[] _microseconds = new double[(int)(recordsPerSecond * time.TotalSeconds * 1.1)];
    long _measuredFrom = long.MaxValue;
    long _bytesBefore;
    TimeSpan _cpuBefore;
    int _count;

    public int RecordsPerSecond => recordsPerSecond;

    public TimeSpan WarmUp => warmUp;

    public TimeSpan Total => warmUp + time;

    public bool IsMeasuring => _measuredFrom != long.MaxValue;

    public TimeSpan Elapsed { get; private set; }

    public double CpuShare { get; private set; }

    public long AllocatedBytes { get; private set; }

    public void Begin()
    {
        _cpuBefore = Environment.CpuUsage.TotalTime;
        _bytesBefore = GC.GetTotalAllocatedBytes();
        Volatile.Write(ref _measuredFrom, Stopwatch.GetTimestamp());
    }

    public void End()
    {
        Elapsed = Stopwatch.GetElapsedTime(_measuredFrom);
        CpuShare = (Environment.CpuUsage.TotalTime - _cpuBefore) / Elapsed;
        AllocatedBytes = GC.GetTotalAllocatedBytes() - _bytesBefore;
    }

    public void OnSeen(Pulse pulse)
    {
        if (pulse.AddedAt < Volatile.Read(ref _measuredFrom) || _count == _microseconds.Length) return;
        _microseconds[_count++] = Stopwatch.GetElapsedTime(pulse.AddedAt).TotalMicroseconds;
    }

    public double[] SortedMicroseconds() => _count > 0 ? [.. _microseconds.Take(_count).Order()] : throw new BenchmarkException("no record came through");
}

/// <summary>Adds the records that are due whenever its timer ticks: as many a second as it should, however late the ticks are.</summary>
sealed class PulseSource(PulseLog log) : ISource<Pulse, PassSplit>
{
    public bool IsBounded => true;

    public async IAsyncEnumerable<PassSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield return new(0);
    }

    public ValueTask<ISplitReader<Pulse, PassSplit>> OpenAsync(PassSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(log));

    sealed class Reader(PulseLog log) : ISplitReader<Pulse, PassSplit>
    {
        readonly Ticker _ticker = new();
        readonly long _opened = Stopwatch.GetTimestamp();
        long _added;

        public PassSplit Position => new(_added);

        public ReadStatus TryRead(ref BatchWriter<Pulse> batch)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_opened);
            if (!log.IsMeasuring && elapsed >= log.WarmUp) log.Begin();
            if (elapsed >= log.Total)
            {
                log.End();
                return ReadStatus.Finished;
            }

            long due = (long)(elapsed.TotalSeconds * log.RecordsPerSecond);
            for (; _added < due && batch.HasRoom; _added++) batch.Add(new(_added, Stopwatch.GetTimestamp()));
            return ReadStatus.Empty;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => _ticker.WaitAsync();

        public ValueTask DisposeAsync()
        {
            _ticker.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
