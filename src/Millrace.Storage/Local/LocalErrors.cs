namespace Millrace.Storage;

/// <summary>Says what a failure of the file system means for a store and what helps.</summary>
static class LocalErrors
{
    const int DiskFullUnix = 28, QuotaUnix = 122, NoFolderUnix = 20, ReadOnlyUnix = 30;
    const int DiskFullWindows = unchecked((int)0x80070070);

    /// <summary>The failure, with the folder and the remedy.</summary>
    public static StoreUnavailableException Unavailable(string address, string root, string doing, Exception cause) =>
        new(address, doing, $"{cause.Message.TrimEnd('.')}; {Remedy(root, cause)}", cause) { IsUnchanged = cause is NotCreatedException };

    static string Remedy(string root, Exception cause) => cause switch
    {
        NotCreatedException { InnerException: { } inner } => Remedy(root, inner),
        UnauthorizedAccessException => $"let this user read and write {root}, or choose another folder",
        _ when cause.HResult is DiskFullUnix or QuotaUnix or DiskFullWindows => $"make room on the disk of {root}, or choose another folder",
        _ when cause.HResult is ReadOnlyUnix => $"the file system of {root} is mounted for reading only; choose another folder",
        _ when cause.HResult is NoFolderUnix || BlockedBy(root) is not null => $"{BlockedBy(root) ?? root} is a file where a folder should be; choose another folder or move the file away",
        _ => $"check the disk of {root}",
    };

    static string? BlockedBy(string root)
    {
        for (string? path = root; path is not null; path = Path.GetDirectoryName(path))
            if (File.Exists(path)) return path;
        return null;
    }
}

/// <summary>A creation failed while all there was of it was a hidden file.</summary>
sealed class NotCreatedException(Exception cause) : IOException(cause.Message, cause);
