using System.IO.Enumeration;

namespace Millrace.Connectors.Files;

/// <summary>The files a path stands for.</summary>
/// <param name="Root">The folder all of them are below.</param>
/// <param name="Names">Their paths relative to the root, with slashes, in ordinal order; at least one.</param>
internal sealed record FileSelection(string Root, IReadOnlyList<string> Names)
{
    static readonly char[] Wildcards = ['*', '?'];

    /// <exception cref="FileNotFoundException">There is no file; the message says what was looked for and where.</exception>
    public static FileSelection Find(string path)
    {
        string[] parts = path.Split('/', Path.DirectorySeparatorChar);
        int wild = Array.FindIndex(parts, static part => part.IndexOfAny(Wildcards) >= 0);
        // A file whose name has a star in it is a file: what exists is taken by its name.
        if (wild >= 0 && !File.Exists(path)) return Matching(path, parts, wild);
        if (Directory.Exists(path)) return InFolder(path);
        if (File.Exists(path)) return new(Folder(Path.GetDirectoryName(path)), [Path.GetFileName(path)]);
        throw Missing(path, $"There is no file or folder '{path}'");
    }

    /// <summary>The folder all files of a path are below, without a look at the disk for each of them.</summary>
    public static string RootOf(string path)
    {
        string[] parts = path.Split('/', Path.DirectorySeparatorChar);
        int wild = Array.FindIndex(parts, static part => part.IndexOfAny(Wildcards) >= 0);
        if (wild >= 0 && !File.Exists(path)) return RootOf(parts, wild);
        return Directory.Exists(path) ? path : Folder(Path.GetDirectoryName(path));
    }

    public string PathOf(string name) => Root == "." ? name : Path.Combine(Root, name);

    /// <summary>The file after <paramref name="name"/>, or null.</summary>
    public string? After(string name) => Names.FirstOrDefault(other => string.CompareOrdinal(other, name) > 0);

    static FileSelection InFolder(string path)
    {
        string[] names = [.. Directory.EnumerateFiles(path).Select(static f => Path.GetFileName(f)).Where(static name => name[0] != '.')];
        return names.Length > 0 ? Sorted(path, names) : throw Missing(path, $"There is no file in the folder '{path}'");
    }

    static FileSelection Matching(string path, string[] parts, int wild)
    {
        string root = RootOf(parts, wild);
        string[] pattern = parts[wild..];
        SearchOption depth = pattern.Length > 1 ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly;
        string[] names = Directory.Exists(root)
            ? [.. Directory.EnumerateFiles(root, "*", depth).Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
                .Where(name => Fits(pattern, name.Split('/')))]
            : [];
        return names.Length > 0 ? Sorted(root, names) : throw Missing(path, $"No file fits the pattern '{path}'");
    }

    static string RootOf(string[] parts, int wild) =>
        Folder(string.Join('/', parts[..wild]) + (wild == 1 && parts[0].Length == 0 ? "/" : ""));

    static FileSelection Sorted(string root, string[] names)
    {
        Array.Sort(names, StringComparer.Ordinal);
        return new(root, names);
    }

    static bool Fits(ReadOnlySpan<string> pattern, ReadOnlySpan<string> parts)
    {
        if (pattern.IsEmpty) return parts.IsEmpty;
        if (pattern[0] == "**") return Fits(pattern[1..], parts) || (!parts.IsEmpty && parts[0][0] != '.' && Fits(pattern, parts[1..]));
        return !parts.IsEmpty && (parts[0][0] != '.' || pattern[0].StartsWith('.'))
            && FileSystemName.MatchesSimpleExpression(pattern[0], parts[0], ignoreCase: false) && Fits(pattern[1..], parts[1..]);
    }

    static string Folder(string? path) => string.IsNullOrEmpty(path) ? "." : path;

    static FileNotFoundException Missing(string path, string what) =>
        new($"{what} (the current folder is '{Directory.GetCurrentDirectory()}'). Check the spelling, or give the full path.", path);
}
