using Microsoft.Win32.SafeHandles;

namespace Millrace.Storage;

/// <summary>
/// The files of a local store. An object is written to a hidden file beside its name, flushed, and only then given the name, which is
/// flushed in its folder: a crash at any moment leaves the object whole or absent, and at worst a hidden file. Blocking; thread-safe.
/// </summary>
/// <param name="root">The folder of the store: an absolute path without a slash at its end.</param>
/// <param name="nonces">The names of hidden files.</param>
sealed class LocalFiles(string root, NonceSource nonces)
{
    /// <summary>How hidden files are named: this, 32 hexadecimal digits, and nothing else.</summary>
    public const string HiddenPrefix = ".new-";

    const FileShare Anybody = FileShare.ReadWrite | FileShare.Delete;

    readonly LocalFolders _folders = new(root);

    /// <summary>The path of an object.</summary>
    public string PathOf(string key) => Path.Combine(root, Path.DirectorySeparatorChar == '/' ? key : key.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Begins a hidden file beside an object, making the folder where it is missing.</summary>
    public HiddenFile BeginHidden(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        for (int again = 0; ; again++)
        {
            string name = Path.Combine(folder, HiddenPrefix + nonces.NextName());
            try
            {
                _folders.Make(folder);
                return new(name, File.OpenHandle(name, FileMode.CreateNew, FileAccess.Write, Anybody));
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException && again < 100)
            {
                // The last object in it was just deleted, and the folder with it. Each time somebody else made progress.
                _folders.Forget(folder);
            }
            catch (IOException) when (File.Exists(name) && again < 100)
            {
                // Two processes with one seed. The next name is another.
            }
        }
    }

    /// <summary>Gives a hidden, flushed file the name of an object unless that is taken. The hidden name is gone afterwards.</summary>
    /// <returns>False when it is taken.</returns>
    /// <exception cref="NameNotDurableException">The name was given but could not be flushed.</exception>
    public static bool TryPublish(HiddenFile hidden, string path)
    {
        bool isOurs = TryName(hidden, path);
        // A name that others read may be that of a creator who has not flushed it yet: what is told here must survive as well.
        try
        {
            hidden.Dispose();
            LocalFolders.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NameNotDurableException(path, e);
        }

        return isOurs;
    }

    /// <summary>Gives a hidden, flushed file the name of an object, whatever had it before.</summary>
    public static void Replace(HiddenFile hidden, string path)
    {
        File.Move(hidden.Path, path, overwrite: true);
        hidden.Forget();
        LocalFolders.Flush(Path.GetDirectoryName(path)!);
    }

    /// <summary>Opens an object for reading; null when there is none.</summary>
    public static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, Anybody);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Removes an object, durably, and the folders that are empty then.</summary>
    public void Delete(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        try
        {
            File.Delete(path);
            // Also when there was none: whoever deleted it may not have flushed that yet.
            LocalFolders.Flush(folder);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody removed the folder, after the object; the flush of what is above it makes both last.
            _folders.FlushNearest(folder);
            return;
        }

        _folders.RemoveEmpty(folder);
    }

    /// <summary>Tells whether an object is there, durably: its creator may not have flushed its name yet.</summary>
    public static bool IsThere(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            LocalFolders.Flush(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false; // Deleted since, and the folder with it.
        }
    }

    static bool TryName(HiddenFile hidden, string path)
    {
        if (!OperatingSystem.IsWindows()) return Posix.TryLink(hidden.Path, path);
        try
        {
            // There a rename that does not overwrite is one call of the system and atomic.
            File.Move(hidden.Path, path, overwrite: false);
            hidden.Forget();
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }
}

/// <summary>A name was given to a file, but whether it lasts is unknown.</summary>
sealed class NameNotDurableException(string path, Exception cause) : IOException($"{path} was named, but the name could not be flushed: {cause.Message}", cause);
