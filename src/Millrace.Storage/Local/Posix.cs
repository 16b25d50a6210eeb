using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Millrace.Storage;

/// <summary>The three calls of POSIX that the base library lacks or softens.</summary>
static partial class Posix
{
    const int NotPermitted = 1, Missing = 2, Exists = 17, ReadOnly = 0;

    // File.Move without overwriting is a link and an unlink as well, but it falls back to looking and then copying where links are not to
    // be had, and then two creators can both win. So the link is made here, and where it cannot be made nothing is.
    /// <summary>Gives a file a second name. Atomic: of any number of callers, in any number of processes, one gets the name.</summary>
    /// <returns>False when the name is taken.</returns>
    /// <exception cref="IOException">The link cannot be made.</exception>
    public static bool TryLink(string file, string name)
    {
        if (link(file, name) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        if (error == Exists) return false;
        // EOPNOTSUPP has different numbers: 95 on Linux, 45 and 102 on macOS.
        string remedy = error is NotPermitted or 95 or 45 or 102 ? "; the file system has no hard links, which make creation atomic: choose a folder on one that has" : "";
        throw new IOException($"Linking {name} failed: {Marshal.GetPInvokeErrorMessage(error)}{remedy}", new Win32Exception(error));
    }

    /// <summary>Makes the names in a folder durable.</summary>
    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void FlushFolder(string folder)
    {
        int descriptor = open(folder, ReadOnly);
        if (descriptor < 0) throw Failure("Opening the folder", folder);
        try
        {
            if (fsync(descriptor) != 0) throw Failure("Flushing the folder", folder);
        }
        finally
        {
            // The error of closing what was only read and is flushed says nothing.
            _ = close(descriptor);
        }
    }

    static IOException Failure(string doing, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        string message = $"{doing} {path} failed: {Marshal.GetPInvokeErrorMessage(error)}";
        return error == Missing ? new DirectoryNotFoundException(message) : new IOException(message, new Win32Exception(error));
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string file, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
