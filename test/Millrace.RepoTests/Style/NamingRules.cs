using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

/// <summary>Types are called what they are: no word that says nothing.</summary>
internal static partial class NamingRules
{
    public static IEnumerable<Violation> Check(IEnumerable<SourceFile> files) =>
        from file in files
        from node in file.Root.DescendantNodes()
        where node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax
        let name = node is BaseTypeDeclarationSyntax type ? type.Identifier : ((DelegateDeclarationSyntax)node).Identifier
        where IsVague(name.Text)
        select file.At(name, $"'{name.Text}' says nothing; use a word of docs/GLOSSARY.md, or the thing's own");

    public static bool IsVague(string name)
    {
        string[] words = [.. Words().Matches(name).Select(word => word.Value)];
        if (words is ["I", _, ..]) words = words[1..];
        if (words.Length == 0) return false;
        return words[^1] is "Manager" or "Managers" or "Helper" or "Helpers" or "Impl" or "Info" or "Infos" or "Base"
            || words[0] == "Rich"
            || words.Any(word => word is "Util" or "Utils" or "Utility" or "Utilities");
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z][a-z]*|[0-9]+|[a-z]+")]
    private static partial Regex Words();
}
