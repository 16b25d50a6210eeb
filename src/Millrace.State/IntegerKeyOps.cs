using System.Runtime.CompilerServices;

namespace Millrace.State;

/// <summary>Operations of <see cref="bool"/> keys.</summary>
public readonly struct BooleanKeyOps : IKeyOps<bool>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(bool key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(bool left, bool right) => left == right;
}

/// <summary>Operations of <see cref="sbyte"/> keys.</summary>
public readonly struct SByteKeyOps : IKeyOps<sbyte>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(sbyte key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(sbyte left, sbyte right) => left == right;
}

/// <summary>Operations of <see cref="byte"/> keys.</summary>
public readonly struct ByteKeyOps : IKeyOps<byte>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(byte key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(byte left, byte right) => left == right;
}

/// <summary>Operations of <see cref="short"/> keys.</summary>
public readonly struct Int16KeyOps : IKeyOps<short>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(short key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(short left, short right) => left == right;
}

/// <summary>Operations of <see cref="ushort"/> keys.</summary>
public readonly struct UInt16KeyOps : IKeyOps<ushort>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(ushort key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(ushort left, ushort right) => left == right;
}

/// <summary>Operations of <see cref="char"/> keys.</summary>
public readonly struct CharKeyOps : IKeyOps<char>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(char key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(char left, char right) => left == right;
}

/// <summary>Operations of <see cref="int"/> keys.</summary>
public readonly struct Int32KeyOps : IKeyOps<int>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(int key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(int left, int right) => left == right;
}

/// <summary>Operations of <see cref="uint"/> keys.</summary>
public readonly struct UInt32KeyOps : IKeyOps<uint>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(uint key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(uint left, uint right) => left == right;
}

/// <summary>Operations of <see cref="long"/> keys.</summary>
public readonly struct Int64KeyOps : IKeyOps<long>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(long key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(long left, long right) => left == right;
}

/// <summary>Operations of <see cref="ulong"/> keys.</summary>
public readonly struct UInt64KeyOps : IKeyOps<ulong>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(ulong key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(ulong left, ulong right) => left == right;
}

/// <summary>Operations of <see cref="Int128"/> keys.</summary>
public readonly struct Int128KeyOps : IKeyOps<Int128>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(Int128 key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Int128 left, Int128 right) => left == right;
}

/// <summary>Operations of <see cref="UInt128"/> keys.</summary>
public readonly struct UInt128KeyOps : IKeyOps<UInt128>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(UInt128 key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(UInt128 left, UInt128 right) => left == right;
}
