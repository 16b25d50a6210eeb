using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// The key a keyed function is called for: set by the operator before each call, read by the function's handles, taken away after the
/// call so that use at any other time is found out. Owned by one task; not thread-safe.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
public sealed class KeyContext<TKey>
{
    TKey _key = default!;
    uint _hash;
    bool _isInCall;

    /// <summary>A call of the function begins.</summary>
    /// <param name="key">The key.</param>
    /// <param name="hash">Its hash.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(TKey key, uint hash)
    {
        _key = key;
        _hash = hash;
        _isInCall = true;
    }

    /// <summary>The last call has returned, or thrown.</summary>
    public void Leave()
    {
        _isInCall = false;
        _key = default!;
    }

    /// <summary>The key of the call in progress.</summary>
    /// <param name="name">The state or timer that asks.</param>
    /// <param name="key">The key.</param>
    /// <returns>The key's hash.</returns>
    /// <exception cref="InvalidOperationException">There is no call in progress.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Require(string name, out TKey key)
    {
        if (!_isInCall) ThrowOutsideCall(name);
        key = _key;
        return _hash;
    }

    [DoesNotReturn]
    static void ThrowOutsideCall(string name) => throw new InvalidOperationException(
        $"'{name}' is used outside a call: state and timers are always those of the current key, and there is one only in OnRecord and OnTimer");
}
