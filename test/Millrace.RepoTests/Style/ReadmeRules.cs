using System.Text.RegularExpressions;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

/// <summary>What the documents point at is there.</summary>
internal static partial class ReadmeRules
{
    public static IEnumerable<Violation> Check(IEnumerable<SourceFile> documents, Func<string, bool> exists) =>
        from document in documents
        from line in document.Lines.Index()
        from target in Targets(document, line.Item)
        where !exists(target)
        select new Violation(document.Path, line.Index + 1, $"names {target}, which does not exist");

    /// <summary>The paths a line names, relative to the root: those below a folder of the repository, and the targets of links.</summary>
    static IEnumerable<string> Targets(SourceFile document, string line)
    {
        foreach (Match path in Paths().Matches(line)) yield return path.Value.TrimEnd('.', '/');
        foreach (Match link in Links().Matches(line))
        {
            string target = link.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains(':'))
                yield return Path.GetRelativePath("/", Path.Combine("/", document.Folder, target)).Replace('\\', '/').TrimEnd('/');
        }
    }

    // Only whole words, so that neither an address nor a pattern such as samples/<Name> or src/*/ is taken for a path.
    [GeneratedRegex(@"(?<![\w./<-])(?>(?:\./)?(?:src|test|bench|samples|eng|docs)/[\w.-]+(?:/[\w.-]+)*/?)(?![\w/<*{])")]
    private static partial Regex Paths();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
