using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace Millrace.Benchmarks.Measuring;

/// <summary>
/// A periodic timer on a thread of its own that sleeps a millisecond at a time. The timers of the runtime go through the thread pool, whose
/// threads look around for more work before they sleep: a thousand times a second that alone is several times what the engine may use.
/// One waiter at a time; ticks that nobody waits for are forgotten.
/// </summary>
sealed class Ticker : IValueTaskSource, IDisposable
{
    const int PeriodMs = 1;

    ManualResetValueTaskSourceCore<bool> _tick;
    int _isAwaited;
    volatile bool _isStopping;

    public Ticker() => new Thread(Loop) { IsBackground = true, Name = "ticker" }.Start();

    /// <summary>Completes at the next tick, on the ticker's thread.</summary>
    public ValueTask WaitAsync()
    {
        _tick.Reset();
        ValueTask wait = new(this, _tick.Version);
        Volatile.Write(ref _isAwaited, 1);
        return wait;
    }

    public void Dispose() => _isStopping = true;

    /// <summary>The share of a core that ticking takes by itself, with somebody who waits and does nothing.</summary>
    public static async Task<double> CpuShareAsync(TimeSpan warmUp, TimeSpan time)
    {
        using Ticker ticker = new();
        await TickForAsync(ticker, warmUp).ConfigureAwait(false);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        TimeSpan elapsed = await TickForAsync(ticker, time).ConfigureAwait(false);
        return (Environment.CpuUsage.TotalTime - before) / elapsed;
    }

    void IValueTaskSource.GetResult(short token) => _tick.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _tick.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _tick.OnCompleted(continuation, state, token, flags);

    static async Task<TimeSpan> TickForAsync(Ticker ticker, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time) await ticker.WaitAsync().ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(start);
    }

    void Loop()
    {
        while (!_isStopping)
        {
            Thread.Sleep(PeriodMs);
            if (Interlocked.Exchange(ref _isAwaited, 0) != 0) _tick.SetResult(true);
        }
    }
}
