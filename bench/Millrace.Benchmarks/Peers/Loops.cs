using System.Runtime.InteropServices;
using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Peers;

/// <summary>What a programmer would write by hand for this one job: the bar. Each keeps its dictionary over all passes.</summary>
static class Loops
{
    public static Outcome FilterMapSum(KeyedEvent[][] passes)
    {
        FilterMapSumLoop loop = new();
        return new(Chunked.Run<KeyedEvent>(passes, loop.Step), loop.Sum, loop.Results);
    }

    public static Outcome TumblingCount(KeyedEvent[][] passes)
    {
        TumblingLoop loop = new();
        PassCost[] costs = Chunked.Run<KeyedEvent>(passes, loop.Step);
        // The end of the input fires the last window; neither this loop's clock nor that of the job runs any more.
        loop.Fire();
        return new(costs, loop.Checksum, loop.Results);
    }

    public static Outcome RunningSum(KeyedEvent[][] passes)
    {
        RunningSumLoop loop = new();
        return new(Chunked.Run<KeyedEvent>(passes, loop.Step), loop.Checksum, passes.Sum(static p => (long)p.Length));
    }

    public static Outcome WordCount(WordEvent[][] passes)
    {
        WordCountLoop loop = new();
        return new(Chunked.Run<WordEvent>(passes, loop.Step), loop.Checksum, passes.Sum(static p => (long)p.Length));
    }
}

sealed class FilterMapSumLoop
{
    public long Sum { get; private set; }

    public long Results { get; private set; }

    public void Step(ReadOnlySpan<KeyedEvent> events)
    {
        long sum = 0, results = 0;
        foreach (ref readonly KeyedEvent e in events)
        {
            if ((e.Value & 3) == 0) continue;
            sum += (e.Value * 3) + 1;
            results++;
        }

        Sum += sum;
        Results += results;
    }
}

sealed class TumblingLoop
{
    static readonly long SizeMs = (long)Jobs.TumblingSize.TotalMilliseconds;

    readonly Dictionary<long, long> _counts = [];
    long _end = long.MinValue;

    public long Checksum { get; private set; }

    public long Results { get; private set; }

    public void Step(ReadOnlySpan<KeyedEvent> events)
    {
        Dictionary<long, long> counts = _counts;
        foreach (ref readonly KeyedEvent e in events)
        {
            if (e.Time >= _end)
            {
                Fire();
                _end = e.Time - (e.Time % SizeMs) + SizeMs;
            }

            CollectionsMarshal.GetValueRefOrAddDefault(counts, e.Key, out _)++;
        }
    }

    public void Fire()
    {
        long startTicks = (_end - SizeMs) * TimeSpan.TicksPerMillisecond;
        long checksum = 0;
        foreach ((long key, long count) in _counts) checksum += Digests.Window(key, startTicks, count);
        Checksum += checksum;
        Results += _counts.Count;
        _counts.Clear();
    }
}

sealed class RunningSumLoop
{
    readonly Dictionary<long, long> _sums = [];

    public long Checksum { get; private set; }

    public void Step(ReadOnlySpan<KeyedEvent> events)
    {
        Dictionary<long, long> sums = _sums;
        long checksum = 0;
        foreach (ref readonly KeyedEvent e in events)
        {
            ref long sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, e.Key, out _);
            sum += e.Value;
            checksum += Digests.Running(e.Key, sum);
        }

        Checksum += checksum;
    }
}

sealed class WordCountLoop
{
    readonly Dictionary<string, long> _counts = [];

    public long Checksum { get; private set; }

    public void Step(ReadOnlySpan<WordEvent> words)
    {
        Dictionary<string, long> counts = _counts;
        long checksum = 0;
        foreach (ref readonly WordEvent e in words)
        {
            ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, e.Word, out _);
            checksum += Digests.Word(e.Word, ++count);
        }

        Checksum += checksum;
    }
}
