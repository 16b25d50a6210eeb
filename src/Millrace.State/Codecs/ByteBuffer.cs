using System.Buffers;

namespace Millrace.State.Codecs;

/// <summary>
/// A growing buffer of pooled bytes. One thread uses it at a time; whoever makes it disposes it, and spans of it die with
/// the next write.
/// </summary>
public sealed class ByteBuffer : IBufferWriter<byte>, IDisposable
{
    const int LengthMin = 256;

    byte[] _bytes;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="lengthHint">The bytes expected: 0 to <see cref="Array.MaxLength"/>. The default is 256.</param>
    public ByteBuffer(int lengthHint = LengthMin) => _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(lengthHint, LengthMin));

    /// <summary>The number of bytes written: 0 to <see cref="Array.MaxLength"/>.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes written so far; valid until the next write, clear or disposal.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Forgets the bytes and keeps the memory.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    /// <summary>Gives the memory back. The buffer is empty afterwards and may not be written.</summary>
    public void Dispose()
    {
        byte[] bytes = _bytes;
        _bytes = [];
        Length = 0;
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }

    void Reserve(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (_bytes.Length - Length >= Math.Max(count, 1)) return;
        ObjectDisposedException.ThrowIf(_bytes.Length == 0, this);
        long needed = (long)Length + Math.Max(count, 1);
        if (needed > Array.MaxLength) throw new UnencodableValueException($"The encoded value needs more than {Array.MaxLength} bytes.");
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(needed, _bytes.Length * 2L), Array.MaxLength));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
