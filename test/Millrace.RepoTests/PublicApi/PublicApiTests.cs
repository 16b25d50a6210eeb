using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.PublicApi;

public sealed class PublicApiTests
{
    const string HowToAccept =
        "If the change is meant, accept it and commit the text with it: MILLRACE_ACCEPT_API=1 dotnet test test/Millrace.RepoTests";

    /// <summary>All of src but what only the compiler loads: nobody can call an analyzer.</summary>
    public static TheoryData<string> Assemblies =>
        [.. from project in ProjectFile.Under(Repository.Root, "src")
            where !project.Sets("IsRoslynComponent")
            select project.Property("AssemblyName") ?? project.Name];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void PublicApi_OfAnAssembly_IsTheCommittedText(string assembly)
    {
        string path = Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        Assert.True(File.Exists(path),
            $"{assembly}.dll is not beside the tests, so its public API is not covered: reference its project from Millrace.RepoTests.");
        string? actual = ApiText.Render(path);
        string committed = Repository.At($"eng/PublicApi/{assembly}.txt");

        if (Environment.GetEnvironmentVariable("MILLRACE_ACCEPT_API") == "1") Accept(committed, actual);

        Assert.True(actual is not null || !File.Exists(committed),
            $"{assembly} is the engine's own and has no text; delete eng/PublicApi/{assembly}.txt.");
        if (actual is null) return;

        string before = File.Exists(committed) ? File.ReadAllText(committed) : "";
        if (before != actual)
        {
            string difference = string.Join('\n', TextDifference.Between(before, actual));
            Assert.Fail($"The public API of {assembly} differs from eng/PublicApi/{assembly}.txt:\n{difference}\n{HowToAccept}");
        }
    }

    /// <summary>A text without its assembly, after a rename say, would promise what nobody ships.</summary>
    [Fact]
    public void PublicApi_EveryText_HasItsAssembly() =>
        Assert.All(Repository.Files(Repository.Root, "eng/PublicApi", "*.txt"),
            text => Assert.Contains(text.FileName[..^4], Assemblies.Select(row => row.Data)));

    /// <summary>The namespace is what users see in their usings, the mark is what the compiler tells them: the two must agree.</summary>
    [Fact]
    public void PublicApi_NamespaceEngine_IsExperimentalThroughout()
    {
        var reference = MetadataReference.CreateFromFile(Path.Combine(AppContext.BaseDirectory, "Millrace.dll"));
        var compilation = CSharpCompilation.Create("Reader", references: [reference, .. SourceCompilations.Platform]);
        var assembly = (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!;

        var disagreeing = from type in ApiText.VisibleTypes(assembly.GlobalNamespace)
                          where type.ContainingType is null
                          let isEngine = type.ContainingNamespace.ToDisplayString() == "Millrace.Engine"
                          where isEngine && ApiText.ExperimentalId(type) != "MR9001"

                              select new Violation(type.ToDisplayString(), 1, "lives in Millrace.Engine: mark it MR9001");
        Violations.AssertNone(disagreeing);
    }

    [Fact]
    public void PublicApi_OfAFixture_IsRenderedInFull()
    {
        string? text = ApiText.Render(Build("ApiFixture.cs"));

        Assert.Equal(File.ReadAllText(Fixture("ApiFixture.txt")), text);
    }

    [Fact]
    public void PublicApi_OfAnEngineAssembly_HasNoText() =>
        Assert.Null(ApiText.Render(Compile("[assembly: System.Diagnostics.CodeAnalysis.Experimental(\"MR9001\")] public class A { }")));

    [Fact]
    public void Difference_OneMemberAddedAndOneGone_ShowsBothUnderTheirType()
    {
        const string Before = "namespace N\n  public class A\n    public int One\n    public int Two\n  public class B\n    public int One";
        const string After =
            "namespace N\n  public class A\n    public int One\n  public class B\n    public int One\n    public int Three";

        Assert.Equal(["    public class A", "-     public int Two", "    public class B", "+     public int Three"],
            TextDifference.Between(Before, After));
    }

    static void Accept(string path, string? text)
    {
        if (text is null) File.Delete(path);
        else File.WriteAllText(path, text);
    }

    static string Fixture(string name) => Repository.At("test/Millrace.RepoTests/Fixtures/PublicApi/" + name);

    static IAssemblySymbol Build(string fixture) => Compile(File.ReadAllText(Fixture(fixture)));

    /// <summary>Compiles to bytes and reads them back, because that is how a shipped assembly is read.</summary>
    static IAssemblySymbol Compile(string source)
    {
        var file = new SourceFile("fixture.cs", source);
        var compilation = CSharpCompilation.Create("Fixture", [file.Tree], SourceCompilations.Platform,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var bytes = new MemoryStream();
        var built = compilation.Emit(bytes);
        Assert.True(built.Success, string.Join('\n', built.Diagnostics));

        var reference = MetadataReference.CreateFromImage(bytes.ToArray());
        var reader = CSharpCompilation.Create("Reader", references: [reference, .. SourceCompilations.Platform]);
        return (IAssemblySymbol)reader.GetAssemblyOrModuleSymbol(reference)!;
    }
}
