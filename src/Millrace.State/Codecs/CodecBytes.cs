namespace Millrace.State.Codecs;

/// <summary>Single values as byte arrays, for what is small and rare: positions, transactions.</summary>
public static class CodecBytes
{
    /// <summary>The bytes of a value.</summary>
    /// <exception cref="UnencodableValueException">The value nests too deep, or reading it back would give another value.</exception>
    public static byte[] Encode<T>(this Codec<T> codec, T value)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        codec.Write(ref writer, value);
        writer.Flush();
        return buffer.Written.ToArray();
    }

    /// <summary>The value of bytes, all of which it must use.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a value of the type.</exception>
    public static T Decode<T>(this Codec<T> codec, ReadOnlySpan<byte> bytes)
    {
        CodecReader reader = new(bytes);
        T value = codec.Read(ref reader);
        reader.End();
        return value;
    }
}
