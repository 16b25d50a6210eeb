using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using System.Collections.Immutable;
using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Banned;

/// <summary>The lists eng/BannedSymbols.*.txt and the analyzer that reads them, run in memory exactly as a build runs it.</summary>
internal static class BannedList
{
    public static IReadOnlyList<SourceFile> All() =>
        [.. Repository.Files(Repository.Root, "eng", "BannedSymbols.*.txt")];

    public static IEnumerable<(int Line, string Id, string Message)> Entries(SourceFile list) =>
        from line in list.Lines.Index()
        let text = line.Item.Trim()
        where text.Length > 0 && !text.StartsWith("//", StringComparison.Ordinal)
        let parts = text.Split(';', 2)
        select (line.Index + 1, parts[0], parts.Length == 2 ? parts[1] : "");

    /// <summary>Entries that name nothing, or do not say what to use instead.</summary>
    public static IEnumerable<Violation> Malformed(SourceFile list)
    {
        CSharpCompilation platform = Compile(new SourceFile("none.cs", ""));
        foreach ((int line, string id, string message) in Entries(list))
        {
            if (DocumentationCommentId.GetSymbolsForDeclarationId(id, platform).IsEmpty)
                yield return new Violation(list.Path, line, $"{id} names nothing");
            if (message.Length < 10) yield return new Violation(list.Path, line, $"{id} does not say what to use instead");
        }
    }

    /// <summary>What the analyzer says about a file of a project that has the given lists.</summary>
    public static async Task<IReadOnlyList<Violation>> AnalyzeAsync(
        SourceFile file, IEnumerable<SourceFile> lists, CancellationToken cancellationToken)
    {
        CSharpCompilation compilation = Compile(file);
        Assert.Empty(compilation.GetDiagnostics(cancellationToken).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));

        var options = new AnalyzerOptions([.. lists.Select(list => new ListText(list))]);
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers(Analyzers(), options)
            .GetAnalyzerDiagnosticsAsync(cancellationToken);
        return [.. found.Select(diagnostic => new Violation(
            file.Path, diagnostic.Location.GetLineSpan().StartLinePosition.Line + 1, $"{diagnostic.Id}: {diagnostic.GetMessage()}"))];
    }

    static ImmutableArray<DiagnosticAnalyzer> Analyzers()
    {
        string folder = Repository.Metadata("BannedApiAnalyzers");
        var reference = new AnalyzerFileReference(Path.Combine(folder, "Microsoft.CodeAnalysis.CSharp.BannedApiAnalyzers.dll"),
            new Loader(folder));
        ImmutableArray<DiagnosticAnalyzer> analyzers = reference.GetAnalyzers(LanguageNames.CSharp);
        Assert.NotEmpty(analyzers);
        return analyzers;
    }

    static CSharpCompilation Compile(SourceFile file) => CSharpCompilation.Create("Banned", [file.Tree], SourceCompilations.Platform,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    sealed class ListText(SourceFile list) : AdditionalText
    {
        public override string Path => list.Path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(list.Text);
    }

    sealed class Loader(string folder) : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath) { }

        public System.Reflection.Assembly LoadFromPath(string fullPath)
        {
            // The language-neutral half lies beside it and is asked for by name.
            System.Runtime.Loader.AssemblyLoadContext.Default.Resolving += (context, name) =>
                Path.Combine(folder, name.Name + ".dll") is var path && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
            return System.Runtime.Loader.AssemblyLoadContext.Default.LoadFromAssemblyPath(fullPath);
        }
    }
}
