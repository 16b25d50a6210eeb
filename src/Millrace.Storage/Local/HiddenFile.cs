using Microsoft.Win32.SafeHandles;

namespace Millrace.Storage;

/// <summary>A file that is being written under a hidden name. Disposing removes it unless it was published. Blocking; one call at a time.</summary>
/// <param name="path">Its hidden name.</param>
/// <param name="handle">Open for writing; owned.</param>
sealed class HiddenFile(string path, SafeFileHandle handle) : IDisposable
{
    bool _isGone;

    /// <summary>Its hidden name.</summary>
    public string Path => path;

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        RandomAccess.Write(handle, content, Length);
        Length += content.Length;
    }

    /// <summary>Makes the bytes durable and ends writing.</summary>
    public void Flush()
    {
        RandomAccess.FlushToDisk(handle);
        handle.Dispose();
    }

    /// <summary>Its hidden name is gone, so there is nothing to remove.</summary>
    public void Forget() => _isGone = true;

    /// <summary>Ends writing, and removes the file unless its hidden name is gone.</summary>
    public void Dispose()
    {
        handle.Dispose();
        if (_isGone) return;
        _isGone = true;
        File.Delete(path);
    }
}
