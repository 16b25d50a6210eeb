using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Millrace.RepoTests.Sources;

/// <summary>A text file of the repository. C# is parsed once, with the compiler that builds it.</summary>
/// <param name="Path">Relative to the tree, with forward slashes.</param>
/// <param name="Text">The whole file.</param>
internal sealed record SourceFile(string Path, string Text)
{
    static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.Parse,
        preprocessorSymbols: ["NET", "NET10_0", "DEBUG"]);

    readonly Lazy<SyntaxTree> _tree = new(() => CSharpSyntaxTree.ParseText(Text, ParseOptions, Path));

    public SyntaxTree Tree => _tree.Value;

    public SyntaxNode Root => Tree.GetRoot();

    public string Folder => Path[..Math.Max(0, Path.LastIndexOf('/'))];

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    public string[] Lines => Text.TrimEnd('\n').Split('\n');

    public Violation At(SyntaxNode node, string message) => new(Path, LineOf(node.GetLocation()), message);

    public Violation At(SyntaxToken token, string message) => new(Path, LineOf(token.GetLocation()), message);

    static int LineOf(Location location) => location.GetLineSpan().StartLinePosition.Line + 1;
}
