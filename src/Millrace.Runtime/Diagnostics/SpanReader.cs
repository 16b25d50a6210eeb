using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Millrace.Runtime.Diagnostics;

/// <summary>Reads little-endian values off a block.</summary>
ref struct SpanReader(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether all has been read.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>The next bytes.</summary>
    /// <exception cref="InvalidDataException">There are not that many.</exception>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            throw new InvalidDataException("the runtime's trace has a block that ends too early");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>A byte.</summary>
    public byte Byte() => Bytes(1)[0];

    /// <summary>Two bytes, signed.</summary>
    public short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Bytes(sizeof(short)));

    /// <summary>Four bytes, signed.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

    /// <summary>Eight bytes, unsigned.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(sizeof(ulong)));

    /// <summary>Seven bits a byte, the lowest first; a set top bit says that more follow.</summary>
    public ulong VarUInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("the runtime's trace has a number longer than 64 bits");
    }

    /// <summary>UTF-16 up to a zero.</summary>
    public string Text()
    {
        // The text may lie at an odd address, which the machines .NET runs on do not mind.
        ReadOnlySpan<char> chars = MemoryMarshal.Cast<byte, char>(_rest);
        int length = chars.IndexOf('\0');
        if (length < 0)
        {
            throw new InvalidDataException("the runtime's trace has a text without an end");
        }

        Bytes((length + 1) * sizeof(char));
        return new string(chars[..length]);
    }
}
