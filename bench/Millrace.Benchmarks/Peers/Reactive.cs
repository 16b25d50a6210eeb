using System.Reactive.Linq;
using System.Reactive.Subjects;
using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Peers;

/// <summary>The same work with System.Reactive.</summary>
static class Reactive
{
    /// <summary>As the documentation shows it: an array made observable, on the scheduler that it chooses by itself.</summary>
    public static Outcome FilterMapSum(KeyedEvent[][] passes, Lambdas f)
    {
        PassClock clock = new(passes.Length);
        long total = 0;
        foreach (KeyedEvent[] pass in passes)
        {
            clock.Mark();
            pass.ToObservable().Where(f.Keeps).Select(f.MapOf).Sum().Subscribe(sum => total += sum);
        }

        clock.Mark();
        return new(clock.Passes, total, Loops.FilterMapSum(passes).Results);
    }

    /// <summary>As fast as it gets: records pushed into a subject from a tight loop, without a scheduler.</summary>
    public static Outcome FilterMapSumPushed(KeyedEvent[][] passes, Lambdas f)
    {
        long total = 0;
        using Subject<KeyedEvent> events = new();
        using IDisposable sum = events.Where(f.Keeps).Select(f.MapOf).Sum().Subscribe(sum => total += sum);
        PassCost[] costs = Chunked.Run<KeyedEvent>(passes, chunk => Push(events, chunk));
        events.OnCompleted();
        return new(costs, total, Loops.FilterMapSum(passes).Results);
    }

    /// <summary>Pushed, grouped by key. State per key lives on from the first pass to the second, as in the job.</summary>
    public static Outcome RunningSum(KeyedEvent[][] passes, Lambdas f)
    {
        long checksum = 0, results = 0;
        using Subject<KeyedEvent> events = new();
        using IDisposable sums = events.GroupBy(f.KeyOf)
            .SelectMany(group => group.Scan(0L, (sum, e) => sum + f.ValueOf(e)).Select(sum => (group.Key, Sum: sum)))
            .Subscribe(result =>
            {
                checksum += Digests.Running(result.Key, result.Sum);
                results++;
            });
        return new(Chunked.Run<KeyedEvent>(passes, chunk => Push(events, chunk)), checksum, results);
    }

    /// <summary>Pushed, cut into windows by a second subject that speaks before the first record of a window, grouped and counted.</summary>
    public static Outcome TumblingCount(KeyedEvent[][] passes, Lambdas f)
    {
        long sizeTicks = Jobs.TumblingSize.Ticks;
        long checksum = 0, results = 0, endTicks = long.MinValue, startTicks = 0;
        using Subject<KeyedEvent> events = new();
        using Subject<long> boundaries = new();
        using IDisposable counts = events.Window(boundaries)
            .SelectMany(window => window.GroupBy(f.KeyOf).SelectMany(static group => group.LongCount().Select(count => (group.Key, Count: count))))
            .Subscribe(result =>
            {
                checksum += Digests.Window(result.Key, startTicks, result.Count);
                results++;
            });
        PassCost[] costs = Chunked.Run<KeyedEvent>(passes, chunk =>
        {
            foreach (ref readonly KeyedEvent e in chunk)
            {
                long time = f.TimeOf(e).Ticks;
                if (time >= endTicks)
                {
                    boundaries.OnNext(time);
                    startTicks = time - (time % sizeTicks);
                    endTicks = startTicks + sizeTicks;
                }

                events.OnNext(e);
            }
        });
        events.OnCompleted();
        return new(costs, checksum, results);
    }

    static void Push(Subject<KeyedEvent> subject, ReadOnlySpan<KeyedEvent> events)
    {
        foreach (ref readonly KeyedEvent e in events) subject.OnNext(e);
    }
}
