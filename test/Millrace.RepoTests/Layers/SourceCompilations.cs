using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Layers;

/// <summary>
/// The projects of a tree's src folder, compiled in memory from their sources. Names are then resolved by the compiler itself: an alias,
/// an inferred type or a name qualified relative to its namespace hides nothing from a rule.
/// </summary>
internal sealed class SourceCompilations
{
    // What the SDK imports into every file. Kept here because the generated file lies in obj, which a fixture has not.
    static readonly string[] ImplicitUsings =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http",
            "System.Threading", "System.Threading.Tasks"];

    readonly Dictionary<string, ProjectFile> _projects;
    readonly Dictionary<string, CSharpCompilation> _compiled = [];
    readonly Dictionary<string, IReadOnlyList<SourceFile>> _files;

    public SourceCompilations(string tree)
    {
        _projects = ProjectFile.Under(tree, "src").ToDictionary(project => project.Name);
        _files = _projects.Values.ToDictionary(project => project.Name, project => Repository.Files(tree, project.File.Folder, "*.cs"));
    }

    public IReadOnlyCollection<ProjectFile> Projects => _projects.Values;

    public IReadOnlyList<SourceFile> FilesOf(ProjectFile project) => _files[project.Name];

    public static IReadOnlyList<MetadataReference> Platform { get; } =
        [.. from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            where !Path.GetFileName(path).StartsWith("Millrace", StringComparison.Ordinal)
            select MetadataReference.CreateFromFile(path)];

    public CSharpCompilation Compile(ProjectFile project)
    {
        if (_compiled.TryGetValue(project.Name, out CSharpCompilation? done)) return done;

        var references = from name in project.References
                         where _projects.ContainsKey(name)
                         select Compile(_projects[name]).ToMetadataReference();
        var compilation = CSharpCompilation.Create(project.Name,
            [Given(project).Tree, .. FilesOf(project).Select(file => file.Tree)],
            [.. Platform, .. references],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
        return _compiled[project.Name] = compilation;
    }

    /// <summary>What the SDK generates from the project file: its global usings and who sees its internals.</summary>
    static SourceFile Given(ProjectFile project)
    {
        string[] web = project.Sdk.EndsWith(".Web", StringComparison.Ordinal)
            ? ["Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing",
               "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection",
                   "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging"]
            : [];
        var usings = ImplicitUsings.Concat(web).Concat(project.Usings).Select(name => $"global using {name};");
        var friends = project.InternalsVisibleTo
            .Select(name => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{name}\")]");
        return new SourceFile(project.File.Folder + "/obj/Given.cs", string.Join('\n', usings.Concat(friends)));
    }
}
