using System.Reflection;

namespace Millrace.RepoTests.Sources;

/// <summary>Where the repository is and which of its files the rules read.</summary>
internal static class Repository
{
    static readonly string[] NotRead = ["bin", "obj", "artifacts", "Fixtures", "TestResults"];

    public static string Root { get; } = Metadata("RepoRoot");

    public static string At(string relative) => Path.Combine(Root, relative);

    /// <summary>The files below a folder of a tree, in a fixed order, with paths relative to the tree; no built files, no fixtures.</summary>
    public static IReadOnlyList<SourceFile> Files(string tree, string folder, string pattern)
    {
        string start = Path.Combine(tree, folder);
        if (!Directory.Exists(start)) return [];

        var files = from path in Directory.EnumerateFiles(start, pattern, SearchOption.AllDirectories)
                    let relative = Path.GetRelativePath(tree, path).Replace('\\', '/')
                    where !relative.Split('/').Any(NotRead.Contains)
                    orderby relative.ToUpperInvariant(), relative
                    select new SourceFile(relative, File.ReadAllText(path));
        return [.. files];
    }

    /// <summary>All C# that people write here: product, tests, benchmarks and samples.</summary>
    public static IReadOnlyList<SourceFile> AllCode() =>
        [.. from folder in (string[])["src", "test", "bench", "samples"] from file in Files(Root, folder, "*.cs") select file];

    public static string Metadata(string key) => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
