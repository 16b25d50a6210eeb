using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Millrace.Connectors.Files;

/// <summary>
/// Names in a folder that survive loss of power. The runtime cannot open a folder, so the C library is asked. Windows has no such call:
/// there names are as durable as its file system makes them.
/// </summary>
static class FolderSync
{
    const int Interrupted = 4, Invalid = 22;

    /// <summary>Brings the names in a folder to disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(folder, 0);
        if (descriptor < 0) throw Failed(folder);
        try
        {
            while (Sync(descriptor) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error == Interrupted) continue;
                // Some network file systems do not know the call for folders, and keep names synchronously.
                if (error == Invalid) return;
                throw Failed(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Makes a folder and the folders above it, durably.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder)) return;
        string? parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (parent is not null) Create(parent);
        Directory.CreateDirectory(folder);
        if (parent is not null) Flush(parent);
    }

    /// <summary>Gives a file another name, replacing what has it, and makes both folders remember.</summary>
    /// <exception cref="FileNotFoundException">There is no such file (any more).</exception>
    public static void Move(string from, string to)
    {
        string folder = Path.GetDirectoryName(to)!;
        Create(folder);
        File.Move(from, to, overwrite: true);
        Flush(folder);
    }

    static IOException Failed(string folder)
    {
        Win32Exception error = new(Marshal.GetLastPInvokeError());
        return new IOException($"Bringing the names in '{folder}' to disk failed: {error.Message}.", error);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    static extern int Close(int descriptor);
}
