namespace Millrace.State;

/// <summary>
/// Hash and equality of one key type, as a struct, so that a generic table over it is specialised and both calls inline.
/// </summary>
/// <typeparam name="TKey">The key type. Keys are never null: the engine refuses a null key where it is extracted.</typeparam>
public interface IKeyOps<TKey>
{
    /// <summary>The stable hash of a key (<see cref="KeyHash"/>).</summary>
    /// <param name="key">Not null.</param>
    /// <returns>Any of the 2^32 values; equal keys have equal hashes.</returns>
    uint Hash(TKey key);

    /// <summary>Whether two keys are the same key; agrees with <see cref="EqualityComparer{T}.Default"/>.</summary>
    /// <param name="left">Not null.</param>
    /// <param name="right">Not null.</param>
    /// <returns>True when both name the same row.</returns>
    bool Equals(TKey left, TKey right);
}

/// <summary>Work that is generic in the operations of a key type, for <see cref="IKeyType{TKey}.Accept"/>.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TResult">What the work builds, for example a table behind an interface.</typeparam>
public interface IKeyOpsVisitor<TKey, out TResult>
{
    /// <summary>Does the work with the operations struct of the key type. Called once, when planning.</summary>
    /// <typeparam name="TOps">The operations; use <c>default(TOps)</c>.</typeparam>
    /// <returns>The visitor's result.</returns>
    TResult Visit<TOps>() where TOps : struct, IKeyOps<TKey>;
}

/// <summary>A supported key type: gives its operations struct to a visitor and hashes whole batches. Thread-safe.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
public interface IKeyType<TKey>
{
    /// <summary>Calls the visitor with the operations struct of this key type.</summary>
    /// <typeparam name="TResult">The visitor's result.</typeparam>
    /// <param name="visitor">Called once, before this returns.</param>
    /// <returns>What the visitor returned.</returns>
    TResult Accept<TResult>(IKeyOpsVisitor<TKey, TResult> visitor);

    /// <summary>The stable hash of one key.</summary>
    /// <param name="key">Not null.</param>
    /// <returns>Any of the 2^32 values; equal keys have equal hashes.</returns>
    uint Hash(TKey key);

    /// <summary>The stable hashes of a batch of keys, in order.</summary>
    /// <param name="keys">None of them null.</param>
    /// <param name="hashes">Receives one hash per key; at least as long as <paramref name="keys"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="hashes"/> is shorter than <paramref name="keys"/>.</exception>
    void Hash(ReadOnlySpan<TKey> keys, Span<uint> hashes);

    /// <summary>Whether two keys are the same key.</summary>
    /// <param name="left">Not null.</param>
    /// <param name="right">Not null.</param>
    /// <returns>True when both name the same row.</returns>
    bool Equals(TKey left, TKey right);
}
