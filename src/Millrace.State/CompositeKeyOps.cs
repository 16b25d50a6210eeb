using System.Runtime.CompilerServices;

namespace Millrace.State;

/// <summary>
/// Operations of tuples, records and anonymous types as keys: the hash is compiled once per type from its members, equality
/// is the type's own. Obtain it through <see cref="KeyTypes"/>, which checks the type first.
/// </summary>
/// <typeparam name="TKey">A type that <see cref="KeyTypes.Problems"/> has nothing against.</typeparam>
public readonly struct CompositeKeyOps<TKey> : IKeyOps<TKey>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(TKey key) => KeyHash.Finish(CompositeKey<TKey>.Word(ref key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(TKey left, TKey right) => EqualityComparer<TKey>.Default.Equals(left, right);
}

/// <summary>Computes the canonical word of a composite key. By reference, because the key may be large.</summary>
internal delegate ulong CompositeWord<TKey>(ref TKey key);

/// <summary>The compiled word of one composite key type; a constant to the second tier of the JIT.</summary>
internal static class CompositeKey<TKey>
{
    public static readonly CompositeWord<TKey> Word = CompositeWordCompiler.Compile<TKey>();
}
