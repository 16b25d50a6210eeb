using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>Opens the content of a file: decompressed, and as UTF-8.</summary>
internal static class InputFile
{
    const int SkipBytes = 1 << 16;

    /// <summary>Opens a file at a byte of its content. The caller disposes the stream.</summary>
    /// <exception cref="IOException">The file cannot be opened, or ends before that byte.</exception>
    public static async ValueTask<Stream> OpenAsync(string path, FileReadOptions options, long offset, CancellationToken cancellationToken)
    {
        FileStream file = OpenPlain(path);
        try
        {
            bool compressed = await IsCompressedAsync(file, cancellationToken).ConfigureAwait(false);
            if (!compressed && options.IsUtf8)
            {
                if (offset == 0) return file;
                if (offset > file.Length) throw Shorter(path, offset);
                file.Position = offset;
                return file;
            }

            Stream content = compressed ? new WholeGzipStream(file) : file;
            if (!options.IsUtf8) content = Encoding.CreateTranscodingStream(content, Strict(options.Encoding!), Encoding.UTF8);
            await SkipAsync(content, path, offset, cancellationToken).ConfigureAwait(false);
            return content;
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static async ValueTask<bool> IsCompressedAsync(string path, CancellationToken cancellationToken)
    {
        FileStream file = OpenPlain(path);
        await using (file.ConfigureAwait(false)) return await IsCompressedAsync(file, cancellationToken).ConfigureAwait(false);
    }

    // A pipe cannot be rewound after a look at its first bytes, so it is never taken for compressed.
    static async ValueTask<bool> IsCompressedAsync(FileStream file, CancellationToken cancellationToken)
    {
        if (!file.CanSeek) return false;
        byte[] magic = new byte[2];
        int read = await file.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        return read == magic.Length && magic[0] == 0x1F && magic[1] == 0x8B;
    }

    static FileStream OpenPlain(string path)
    {
        try
        {
            // No buffer of its own: blocks are read whole.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{path}' cannot be opened: {e.Message} Check its permissions.", e);
        }
    }

    static async ValueTask SkipAsync(Stream content, string path, long offset, CancellationToken cancellationToken)
    {
        if (offset == 0) return;
        byte[] scratch = new byte[SkipBytes];
        while (offset > 0)
        {
            int read = await content.ReadAsync(scratch.AsMemory(0, (int)Math.Min(offset, scratch.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0) throw Shorter(path, offset);
            offset -= read;
        }
    }

    // Bytes that mean nothing in the encoding would otherwise become question marks without a word.
    static Encoding Strict(Encoding encoding)
    {
        Encoding strict = (Encoding)encoding.Clone();
        strict.DecoderFallback = DecoderFallback.ExceptionFallback;
        return strict;
    }

    static IOException Shorter(string path, long offset) => new(
        $"'{path}' ends before byte {offset}, where reading is to go on; it was changed since. Give the file back its content, or start the job anew.");
}
