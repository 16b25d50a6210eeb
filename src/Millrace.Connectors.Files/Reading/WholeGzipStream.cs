using System.IO.Compression;

namespace Millrace.Connectors.Files;

/// <summary>
/// Decompresses gzip and notices when it is cut short, which the runtime's stream takes for the end. After the file it feeds the
/// decompressor one more member with a known content, the seal: only behind a complete file does that come out again. Owns the file.
/// </summary>
internal sealed class WholeGzipStream : Stream
{
    const int WorkBytes = 1 << 16;

    static readonly byte[] Seal = "end of the file."u8.ToArray();
    static readonly byte[] SealMember = Compress(Seal);

    readonly GZipStream _gzip;
    readonly byte[] _work = new byte[WorkBytes];
    int _count;

    public WholeGzipStream(Stream file) => _gzip = new GZipStream(new SealedStream(file), CompressionMode.Decompress);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The compressed data is damaged or cut short.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // As many bytes as the seal has are held back, because they may be the seal.
        while (_count <= Seal.Length)
        {
            int read = await _gzip.ReadAsync(_work.AsMemory(_count), cancellationToken).ConfigureAwait(false);
            _count += read;
            if (read > 0) continue;
            return _work.AsSpan(0, _count).SequenceEqual(Seal)
                ? 0
                : throw new InvalidDataException("the compressed data is cut short, or something else follows it.");
        }

        int given = Math.Min(buffer.Length, _count - Seal.Length);
        _work.AsSpan(0, given).CopyTo(buffer.Span);
        _work.AsSpan(given, _count - given).CopyTo(_work);
        _count -= given;
        return given;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => _gzip.DisposeAsync();

    static byte[] Compress(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(bytes);
        return compressed.ToArray();
    }

    /// <summary>A file with the seal's member behind it.</summary>
    sealed class SealedStream(Stream file) : Stream
    {
        int _sealed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = _sealed > 0 ? 0 : await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0) return read;
            int given = Math.Min(buffer.Length, SealMember.Length - _sealed);
            SealMember.AsSpan(_sealed, given).CopyTo(buffer.Span);
            _sealed += given;
            return given;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => file.DisposeAsync();
    }
}
