using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

/// <summary>Nothing unfinished passes for finished, and nothing writes to the console behind the host's back.</summary>
internal static partial class FinishedRules
{
    /// <summary>Marks of unfinished work, wherever they stand in the text of a file.</summary>
    public static IEnumerable<Violation> Unfinished(IEnumerable<SourceFile> files) =>
        from file in files
        from line in file.Lines.Index()
        let mark = Marks().Match(line.Item)
        where mark.Success
        select new Violation(file.Path, line.Index + 1, $"'{mark.Value}': finish it, or leave it out and write it down as an issue");

    public static IEnumerable<Violation> Console(LayerRules rules, IEnumerable<SourceFile> files) =>
        from file in files
        where !MayUseConsole(rules, file)
        from name in file.Root.DescendantNodes().OfType<IdentifierNameSyntax>()
        where name.Identifier.Text == "Console" && !IsPartOfNamespace(name)
        select file.At(name, "uses the console; log an event, or take a TextWriter");

    /// <summary>The bans have no list of exceptions, and a file does not make one.</summary>
    public static IEnumerable<Violation> Silenced(IEnumerable<SourceFile> files) =>
        from file in files
        from line in file.Lines.Index()
        where line.Item.Contains("RS0030", StringComparison.Ordinal)
        select new Violation(file.Path, line.Index + 1, "silences a banned symbol; there are no exceptions");

    static bool MayUseConsole(LayerRules rules, SourceFile file)
    {
        string project = file.Path.Split('/')[1];
        bool isConnector = project.StartsWith("Millrace.Connectors.", StringComparison.Ordinal);
        return rules.MayUseConsole.Any(pattern => LayerRules.Fits(pattern, project))
            && (!isConnector || file.FileName.StartsWith("Console", StringComparison.Ordinal));
    }

    // Spectre.Console is a namespace; Console.Out is the console.
    static bool IsPartOfNamespace(IdentifierNameSyntax name) =>
        name.Ancestors().Any(ancestor => ancestor is UsingDirectiveSyntax { StaticKeyword.RawKind: 0 }
            or BaseNamespaceDeclarationSyntax && Within(ancestor, name))
        || (name.Parent is QualifiedNameSyntax { Left: IdentifierNameSyntax left } qualified
            && qualified.Right == name && left.Identifier.Text != "System");

    static bool Within(SyntaxNode ancestor, SyntaxNode name) =>
        ancestor is not BaseNamespaceDeclarationSyntax space || space.Name.Span.Contains(name.Span);

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException|\b[Pp]laceholder\b")]
    private static partial Regex Marks();
}
