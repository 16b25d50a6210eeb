namespace Millrace.Storage;

/// <summary>Lists the files of a local store. Blocking.</summary>
static class LocalListing
{
    static readonly EnumerationOptions s_everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    /// <summary>The objects whose keys begin with a prefix. Files whose names are no keys are nobody's and left out.</summary>
    public static List<StoredObject> Objects(string root, string prefix)
    {
        int slash = prefix.LastIndexOf('/');
        string below = slash < 0 ? root : Path.Combine(root, prefix[..slash]);
        return Files(root, below, key => ObjectKey.Problem(key) is null && key.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>The hidden files.</summary>
    public static List<StoredObject> Hidden(string root) => Files(root, root, IsHidden);

    /// <summary>Tells whether a path below the root is one of a file that is being written.</summary>
    public static bool IsHidden(string path)
    {
        int slash = path.LastIndexOf('/');
        ReadOnlySpan<char> name = path.AsSpan(slash + 1);
        return name.StartsWith(LocalFiles.HiddenPrefix) && name.Length == LocalFiles.HiddenPrefix.Length + 32
            && (slash < 0 || ObjectKey.Problem(path[..slash]) is null);
    }

    static List<StoredObject> Files(string root, string below, Func<string, bool> isWanted)
    {
        List<StoredObject> found = [];
        if (!Directory.Exists(below)) return found;
        foreach (FileInfo file in new DirectoryInfo(below).EnumerateFiles("*", s_everything))
        {
            string key = Path.GetRelativePath(root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            if (isWanted(key) && Describe(key, file) is { } described) found.Add(described);
        }

        return found;
    }

    static StoredObject? Describe(string key, FileInfo file)
    {
        try
        {
            return new(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
        }
        catch (FileNotFoundException)
        {
            return null; // Deleted since.
        }
    }
}
