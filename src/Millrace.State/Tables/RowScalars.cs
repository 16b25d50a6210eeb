using System.Runtime.CompilerServices;
using Millrace.State.Codecs;

namespace Millrace.State.Tables;

/// <summary>
/// Reads and writes the commonest types without a call through their codec: the compiler knows the type, and nothing is left of the comparisons.
/// The bytes are those of the codec (`RowScalarsTests`). Only types whose keys have no canonical form of their own are here.
/// </summary>
static class RowScalars
{
    /// <summary>Writes a value as its codec does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(ref CodecWriter writer, T value, Codec<T> codec)
    {
        if (typeof(T) == typeof(long)) writer.Write((long)(object)value!);
        else if (typeof(T) == typeof(int)) writer.Write((int)(object)value!);
        else if (typeof(T) == typeof(ulong)) writer.Write((ulong)(object)value!);
        else if (typeof(T) == typeof(uint)) writer.Write((uint)(object)value!);
        else if (typeof(T) == typeof(Guid)) writer.Write((Guid)(object)value!);
        else if (typeof(T) == typeof(UInt128)) writer.Write((UInt128)(object)value!);
        else codec.Write(ref writer, value);
    }

    /// <summary>Reads a value as its codec does.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a value.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref CodecReader reader, Codec<T> codec)
    {
        if (typeof(T) == typeof(long)) return (T)(object)reader.ReadInt64();
        if (typeof(T) == typeof(int)) return (T)(object)reader.ReadInt32();
        if (typeof(T) == typeof(ulong)) return (T)(object)reader.ReadUInt64();
        if (typeof(T) == typeof(uint)) return (T)(object)reader.ReadUInt32();
        if (typeof(T) == typeof(Guid)) return (T)(object)reader.ReadGuid();
        if (typeof(T) == typeof(UInt128)) return (T)(object)reader.ReadUInt128();
        return codec.Read(ref reader);
    }
}
