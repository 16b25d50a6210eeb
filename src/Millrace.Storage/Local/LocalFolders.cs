using System.Collections.Concurrent;

namespace Millrace.Storage;

/// <summary>
/// The folders of a local store: made when they are needed, with their names flushed in the folder above, and removed when the last object
/// in them is deleted. Blocking; thread-safe.
/// </summary>
/// <param name="root">The folder of the store: an absolute path without a slash at its end.</param>
sealed class LocalFolders(string root)
{
    // Folders whose names this process has flushed, all the way up to the root's. Another process may remove an empty one and a third make
    // it anew; file systems order what is in a folder after the making of it, so the flush of the folder itself is enough then.
    readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);

    /// <summary>Makes a folder of the store and those above it, durably.</summary>
    public void Make(string folder)
    {
        if (_durable.ContainsKey(folder)) return;
        if (folder == root) MakeRoot();
        else MakeBelow(folder);
        _durable[folder] = true;
    }

    /// <summary>Forgets that a folder was there: it turned out not to be.</summary>
    public void Forget(string folder)
    {
        for (; _durable.TryRemove(folder, out _) && folder != root; folder = Path.GetDirectoryName(folder)!)
        {
        }
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void Flush(string folder)
    {
        // On Windows names are journaled by NTFS, and folders cannot be flushed.
        if (!OperatingSystem.IsWindows()) Posix.FlushFolder(folder);
    }

    /// <summary>Makes the names durable in the nearest of a folder and those above it that is there, up to the root.</summary>
    public void FlushNearest(string folder)
    {
        for (; ; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                Flush(folder);
                return;
            }
            catch (DirectoryNotFoundException) when (folder != root)
            {
                // The one above, then.
            }
            catch (DirectoryNotFoundException)
            {
                return; // There is no store yet, so there is nothing to make durable.
            }
        }
    }

    /// <summary>Removes a folder and those above it, below the root, as far as they are empty.</summary>
    public void RemoveEmpty(string folder)
    {
        for (; folder != root; folder = Path.GetDirectoryName(folder)!)
        {
            _durable.TryRemove(folder, out _);
            try
            {
                Directory.Delete(folder);
            }
            catch (DirectoryNotFoundException)
            {
                // Somebody else was faster; the one above may be empty now as well.
            }
            catch (IOException)
            {
                return; // Not empty: another object, or one being written.
            }
        }
    }

    void MakeBelow(string folder)
    {
        string above = Path.GetDirectoryName(folder)!;
        for (int again = 0; ; again++)
        {
            Make(above);
            try
            {
                Directory.CreateDirectory(folder);
                break;
            }
            catch (IOException) when (again < 100 && !File.Exists(folder))
            {
                // It was there when it was to be made and gone when that was looked at: somebody removed it, empty, or the one above.
                Forget(above);
            }
        }

        // Also when it was there: whoever made it may not have flushed it yet.
        Flush(above);
    }

    void MakeRoot()
    {
        Stack<string> missing = new();
        string? above = root;
        for (; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above)) missing.Push(above);
        Directory.CreateDirectory(root);
        foreach (string made in missing) Flush(Path.GetDirectoryName(made)!);
    }
}
