using System.Runtime.CompilerServices;

namespace Millrace.State;

/// <summary>
/// The stable 32-bit hash that places a key. It is part of every snapshot: it never changes between runs, machines or
/// releases, and it never uses <c>object.GetHashCode</c>. All 32 bits are good: the top bits choose the task
/// instance (<see cref="KeyRange"/>), and tables remix the whole hash for their slots.
/// </summary>
/// <remarks>
/// <para>A key first becomes one canonical 64-bit word, then <see cref="Finish"/> turns the word into the hash. The rules
/// and test vectors are in <c>docs/FORMATS.md</c>, section "Key hash"; the reasons in decision 0002.</para>
/// <para>The hash has no secret: whoever may choose keys can make them collide. Equal keys hash equal for every type that
/// <see cref="KeyTypes"/> accepts. Numerically equal integers of up to 64 bits hash equal whatever their type, and so do
/// equal <see cref="Half"/>, <see cref="float"/> and <see cref="double"/> values; other types are not comparable with each other.</para>
/// </remarks>
public static class KeyHash
{
    // The odd constants of wyhash final version 4 (Wang Yi, public domain, github.com/wangyi-fudan/wyhash).
    internal const ulong Seed = 0x2d358dccaa6c78a5;
    internal const ulong SecretLeft = 0x8bb84b93962eacc9;
    internal const ulong SecretRight = 0x4b33a62ed433d4a3;
    internal const ulong SecretLength = 0x4d5a2da51de1aa47;

    /// <summary>The word of an absent value inside a composite key (2^64 divided by the golden ratio).</summary>
    internal const ulong NullWord = 0x9e3779b97f4a7c15;

    /// <summary>The hash of an integer of up to 64 bits: signed types are sign-extended, unsigned ones zero-extended.</summary>
    /// <param name="key">Any value.</param>
    /// <returns>The stable hash; any of the 2^32 values.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(long key) => Finish((ulong)key);

    /// <summary>The hash of a string's UTF-16 code units, compared ordinally. Nothing is normalised.</summary>
    /// <param name="key">Any length; the empty string is a key like any other.</param>
    /// <returns>The stable hash; any of the 2^32 values.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(ReadOnlySpan<char> key) => Finish(KeyWord.Of(key));

    /// <summary>The hash of a key of any supported type. Meant for tools and tests: engines hold an <see cref="IKeyType{TKey}"/>.</summary>
    /// <typeparam name="TKey">A type that <see cref="KeyTypes.Problems"/> has nothing against.</typeparam>
    /// <param name="key">Not null.</param>
    /// <returns>The stable hash; any of the 2^32 values.</returns>
    /// <exception cref="UnsupportedTypeException"><typeparamref name="TKey"/> cannot be a key.</exception>
    public static uint Of<TKey>(TKey key) where TKey : notnull => KeyTypes.Of<TKey>().Hash(key);

    /// <summary>Turns a canonical word into the hash: the upper half of a bijective 64-bit mixer.</summary>
    /// <param name="word">The canonical word of a key.</param>
    /// <returns>The stable hash; any of the 2^32 values.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Finish(ulong word)
    {
        // Moremur (Pelle Evensen 2019, mostlymangling.blogspot.com, "Stronger, better, morer, Moremur"): the structure of
        // Murmur3's finaliser with constants searched for low-entropy input such as counters, which is what keys are.
        // Two multiplications and three shifts: below 1 ns a key when keys are hashed in a loop (decision 0002).
        word ^= word >> 27;
        word *= 0x3c79ac492ba7b653;
        word ^= word >> 33;
        word *= 0x1c69b3f74ac4ae35;
        word ^= word >> 27;
        return (uint)(word >> 32);
    }

    /// <summary>Folds the next word of a composite key into the words before it. The order of words matters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Fold(ulong state, ulong word) => Multiply(word ^ SecretLeft, state ^ SecretRight);

    /// <summary>The 128-bit product of two words, its halves combined: the mixing step of wyhash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Multiply(ulong left, ulong right)
    {
        // The low half again by itself: the one BigMul gives takes a round trip through memory on x64 (.NET 10).
        return Math.BigMul(left, right, out _) ^ (left * right);
    }
}
