using Millrace.Benchmarks.Measuring;

namespace Millrace.Benchmarks.Peers;

/// <summary>Handles some records.</summary>
delegate void ChunkStep<T>(ReadOnlySpan<T> records);

/// <summary>
/// Feeds a peer. It gets its records in chunks of a thousand, one call each, for its own good: a method called often is compiled to the
/// end, with the profile of its earlier calls, while one long loop would stay in code that was patched under way.
/// </summary>
static class Chunked
{
    const int ChunkRecords = 1_024;

    public static PassCost[] Run<T>(T[][] passes, ChunkStep<T> step)
    {
        PassClock clock = new(passes.Length);
        foreach (T[] pass in passes)
        {
            clock.Mark();
            for (int start = 0; start < pass.Length; start += ChunkRecords)
            {
                step(new ReadOnlySpan<T>(pass, start, Math.Min(ChunkRecords, pass.Length - start)));
            }
        }

        clock.Mark();
        return clock.Passes;
    }
}
