using Millrace.Benchmarks.Data;

namespace Millrace.Benchmarks.Measuring;

/// <summary>The digests of all results, written once so that every peer does the same work per result.</summary>
static class Digests
{
    public static long Running(long key, long value) => key ^ value;

    public static long Window(long key, long startTicks, long value) => (key ^ startTicks) * value;

    public static long Word(string word, long count) => word[0] * count;
}

readonly struct NumberDigest : IDigest<long>
{
    public static long Of(in long result) => result;
}

readonly struct EventDigest : IDigest<KeyedEvent>
{
    public static long Of(in KeyedEvent result) => result.Value;
}

readonly struct RunningDigest : IDigest<KeyValue<long, long>>
{
    public static long Of(in KeyValue<long, long> result) => Digests.Running(result.Key, result.Value);
}

readonly struct WindowDigest : IDigest<WindowValue<long, long>>
{
    public static long Of(in WindowValue<long, long> result) => Digests.Window(result.Key, result.Window.Start.Ticks, result.Value);
}

readonly struct WordDigest : IDigest<KeyValue<string, long>>
{
    public static long Of(in KeyValue<string, long> result) => Digests.Word(result.Key, result.Value);
}

readonly struct WordEventDigest : IDigest<WordEvent>
{
    public static long Of(in WordEvent result) => result.Value;
}
