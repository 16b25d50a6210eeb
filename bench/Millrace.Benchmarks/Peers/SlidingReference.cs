using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Peers;

/// <summary>What sliding counts must come to: one count per slide and key, and a running sum over the slides of a window. Not a peer: it is not timed.</summary>
static class SlidingReference
{
    static readonly long SlideMs = (long)Jobs.Slide.TotalMilliseconds;

    public static Outcome Of(KeyedEvent[][] passes, int slides)
    {
        long firstSlide = passes[0][0].Time / SlideMs;
        long[][] counts = CountsPerSlide(passes, firstSlide);
        long[] window = new long[counts[0].Length];
        long checksum = 0, results = 0;
        for (int end = 1; end < counts.Length + slides; end++)
        {
            long startTicks = (firstSlide + end - slides) * SlideMs * TimeSpan.TicksPerMillisecond;
            long[]? enters = end <= counts.Length ? counts[end - 1] : null;
            long[]? leaves = end - 1 - slides >= 0 ? counts[end - 1 - slides] : null;
            for (int key = 0; key < window.Length; key++)
            {
                window[key] += (enters?[key] ?? 0) - (leaves?[key] ?? 0);
                if (window[key] == 0) continue;
                checksum += Digests.Window(key, startTicks, window[key]);
                results++;
            }
        }

        return new([], checksum, results);
    }

    static long[][] CountsPerSlide(KeyedEvent[][] passes, long firstSlide)
    {
        long keys = passes.SelectMany(static p => p).Max(static e => e.Key) + 1;
        long lastSlide = passes[^1][^1].Time / SlideMs;
        long[][] counts = [.. Enumerable.Range(0, (int)(lastSlide - firstSlide) + 1).Select(_ => new long[keys])];
        foreach (KeyedEvent[] pass in passes)
        {
            foreach (KeyedEvent e in pass) counts[(e.Time / SlideMs) - firstSlide][e.Key]++;
        }

        return counts;
    }
}
