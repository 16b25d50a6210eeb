using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Storage;

/// <summary>What tests of stores have in common.</summary>
static class Stores
{
    public static MemoryObjectStore Memory() => new(TimeProvider.System);

    public static NonceSource Nonces(ulong seed = 1) => new(new UInt128(0, seed));

    public static StoreSurroundings Surroundings => new(TimeProvider.System, NonceSource.FromSystem());

    /// <summary>Repeats for a second, fast.</summary>
    public static StoreRetry Retry(RetryPolicy? policy = null) => new(
        policy ?? new RetryPolicy { RetryFor = TimeSpan.FromSeconds(1), PauseMin = TimeSpan.FromMilliseconds(1), PauseMax = TimeSpan.FromMilliseconds(2) },
        TimeProvider.System, Nonces());

    public static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
