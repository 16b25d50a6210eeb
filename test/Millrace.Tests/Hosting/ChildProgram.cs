using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Millrace.Tests.Hosting;

/// <summary>Compiles a small program against Millrace, as a user would write it, to be run in a process of its own.</summary>
static class ChildProgram
{
    const string Usings = "using System; using System.Threading; using Millrace;\n";

    /// <summary>Writes the program and all it needs into a folder.</summary>
    /// <returns>The path of its assembly.</returns>
    public static string Compile(string folder, string source)
    {
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Child",
            [CSharpSyntaxTree.ParseText(Usings + source, new CSharpParseOptions(LanguageVersion.Preview), "Child.cs")],
            trusted.Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        string program = Path.Combine(folder, "Child.dll");
        var result = compilation.Emit(program);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        foreach (string pattern in (string[])["Millrace*.dll", "Microsoft.Extensions.*.dll", "AWSSDK*.dll"])
            foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, pattern)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "FlightDelays.runtimeconfig.json"), Path.Combine(folder, "Child.runtimeconfig.json"));
        return program;
    }
}
