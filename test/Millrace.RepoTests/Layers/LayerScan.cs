using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Layers;

/// <summary>Holds every file of a tree's src folder to the line of its folder in eng/layers.txt.</summary>
internal sealed class LayerScan(LayerRules rules, string tree)
{
    // Names that do not resolve could hide a violation, so they are reported instead of passed over.
    static readonly string[] Unresolved = ["CS0103", "CS0234", "CS0246", "CS0400", "CS0430", "CS0432"];

    readonly SourceCompilations _sources = new(tree);

    public int FilesRead { get; private set; }

    public IReadOnlyList<Violation> Run() => [.. _sources.Projects.SelectMany(ScanProject)];

    IEnumerable<Violation> ScanProject(ProjectFile project)
    {
        CSharpCompilation compilation = _sources.Compile(project);
        foreach (Diagnostic unresolved in compilation.GetDiagnostics().Where(diagnostic => Unresolved.Contains(diagnostic.Id)))
        {
            FileLinePositionSpan span = unresolved.Location.GetLineSpan();
            yield return new Violation(span.Path, span.StartLinePosition.Line + 1,
                "the layer test cannot resolve this: " + unresolved.GetMessage());
        }

        foreach (SourceFile file in _sources.FilesOf(project))
        {
            FilesRead++;
            foreach (Violation violation in ScanFile(file, compilation.GetSemanticModel(file.Tree))) yield return violation;
        }
    }

    IEnumerable<Violation> ScanFile(SourceFile file, SemanticModel model)
    {
        FolderRule? rule = rules.RuleOf(file.Folder["src/".Length..]);
        if (rule is null) return [new Violation(file.Path, 1, "its folder has no line in eng/layers.txt")];

        return Namespaces(file, rule).Concat(Imports(file, rule, model)).Concat(Uses(file, rule, model)).Distinct();
    }

    static IEnumerable<Violation> Namespaces(SourceFile file, FolderRule rule)
    {
        foreach (SyntaxNode node in file.Root.DescendantNodes(node => node is not BaseTypeDeclarationSyntax))
        {
            if (node is BaseNamespaceDeclarationSyntax { Parent: CompilationUnitSyntax } space
                && !rule.Namespaces.Contains(space.Name.ToString()))
                yield return file.At(space,
                    $"namespace {space.Name} does not belong in this folder; use {string.Join(" or ", rule.Namespaces)}");
            else if (node is BaseNamespaceDeclarationSyntax { Parent: not CompilationUnitSyntax } nested)
                yield return file.At(nested, "a namespace inside a namespace; one file declares one");
            else if (node is MemberDeclarationSyntax { Parent: CompilationUnitSyntax }
                and (BaseTypeDeclarationSyntax or DelegateDeclarationSyntax))
                yield return file.At(node, $"a type outside any namespace; use {string.Join(" or ", rule.Namespaces)}");
        }
    }

    static IEnumerable<Violation> Imports(SourceFile file, FolderRule rule, SemanticModel model) =>
        from import in file.Root.DescendantNodes().OfType<UsingDirectiveSyntax>()
        let target = import.NamespaceOrType is { } name ? model.GetSymbolInfo(name).Symbol as INamespaceSymbol : null
        where target is not null && IsOurs(Full(target)) && !rule.AllowsImport(Full(target))
        select file.At(import, $"imports {Full(target)}, which this folder must not see");

    static IEnumerable<Violation> Uses(SourceFile file, FolderRule rule, SemanticModel model) =>
        from node in file.Root.DescendantNodes(descendIntoTrivia: true)
        where node is SimpleNameSyntax or BaseObjectCreationExpressionSyntax
        let info = model.GetSymbolInfo(node)
        from symbol in info.Symbol is { } one ? [one] : info.CandidateSymbols.AsEnumerable()
        from type in TypesOf(symbol)
        let ns = Full(type.ContainingNamespace)
        where IsOurs(ns) && !rule.AllowsType(ns, type.Name)
        select file.At(node, $"uses {ns}.{type.Name}, which this folder must not see");

    /// <summary>The outermost types a symbol stands for: itself or the type it is a member of, and their type arguments.</summary>
    static IEnumerable<INamedTypeSymbol> TypesOf(ISymbol symbol)
    {
        var type = symbol as ITypeSymbol ?? symbol.ContainingType;
        while (type is IArrayTypeSymbol array) type = array.ElementType;
        if (type is not INamedTypeSymbol named) yield break;

        foreach (INamedTypeSymbol argument in named.TypeArguments.SelectMany(TypesOf)) yield return argument;
        while (named.ContainingType is { } outer) named = outer;
        yield return named;
    }

    static bool IsOurs(string ns) => ns == "Millrace" || ns.StartsWith("Millrace.", StringComparison.Ordinal);

    // A type without a namespace is one the compiler made up, for an expression that has no type of its own say.
    static string Full(INamespaceSymbol? space) => space is null or { IsGlobalNamespace: true } ? "" : space.ToDisplayString();
}
