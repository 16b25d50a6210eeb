using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

/// <summary>One screen per function, one idea per file.</summary>
internal static class SizeRules
{
    public const int FileLinesMax = 800, FunctionLinesMax = 70;

    public static IEnumerable<Violation> Files(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Lines.Length > FileLinesMax
        select new Violation(file.Path, file.Lines.Length, $"has {file.Lines.Length} lines; split it, {FileLinesMax} is the most");

    public static IEnumerable<Violation> Functions(IEnumerable<SourceFile> files) =>
        from file in files
        from node in file.Root.DescendantNodes()
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax
            or AccessorDeclarationSyntax
            or PropertyDeclarationSyntax { ExpressionBody: not null } or IndexerDeclarationSyntax { ExpressionBody: not null }
        let lines = LinesOf(node)
        where lines > FunctionLinesMax
        select file.At(First(node), $"a function of {lines} lines; split it, {FunctionLinesMax} is the most");

    /// <summary>Top-level statements are one function, too.</summary>
    public static IEnumerable<Violation> TopLevel(IEnumerable<SourceFile> files) =>
        from file in files
        let statements = file.Root.ChildNodes().OfType<GlobalStatementSyntax>()
            .Where(statement => statement.Statement is not LocalFunctionStatementSyntax).ToArray()
        where statements.Length > 0
        let lines = LineOf(statements[^1].GetLastToken()) - LineOf(statements[0].GetFirstToken()) + 1
        where lines > FunctionLinesMax
        select file.At(statements[0], $"top-level statements of {lines} lines; split them, {FunctionLinesMax} is the most");

    /// <summary>The value below which the given share of the files lies.</summary>
    public static int LinesAt(IReadOnlyCollection<SourceFile> files, double share) =>
        files.Select(file => file.Lines.Length).Order().ElementAt((int)Math.Min(files.Count - 1, share * files.Count));

    // Attributes and documentation stand above the function and do not count.
    static SyntaxToken First(SyntaxNode node) => node.ChildNodesAndTokens()
        .Where(child => !child.IsKind(SyntaxKind.AttributeList))
        .Select(child => child.IsToken ? child.AsToken() : child.AsNode()!.GetFirstToken())
        .First();

    static int LinesOf(SyntaxNode node) => LineOf(node.GetLastToken()) - LineOf(First(node)) + 1;

    static int LineOf(SyntaxToken token) => token.GetLocation().GetLineSpan().EndLinePosition.Line;
}
