using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Millrace.Analyzers;

namespace Millrace.Tests.Analyzers;

/// <summary>Compiles a snippet against a stand-in for the Millrace API and compares what the analyzers say with its marks.</summary>
static class AnalyzerHarness
{
    /// <summary>What the snippets need of Millrace: the shapes of the real API, none of its code.</summary>
    const string ApiStub = """
        using System;
        using System.Collections.Generic;
        namespace Millrace
        {
            public delegate void FoldStep<TState, TIn, TOut>(ref TState state, in Record<TIn> record, Output<TOut> output);
            public readonly struct Record<T> { public T Value { get; init; } }
            public readonly ref struct Output<T> { public void Emit(T value) { } }
            public sealed class Dataflow { public DataStream<T> Source<T>(string id, IEnumerable<T> items) => new(); }
            public sealed class DataStream<T>
            {
                public DataStream<TOut> Select<TOut>(Func<T, TOut> map) => new();
                public DataStream<T> Where(Func<T, bool> keep) => this;
                public DataStream<TOut> SelectMany<TMid, TOut>(Func<T, IEnumerable<TMid>> many, Func<T, TMid, TOut> result) => new();
                public DataStream<TOut> Async<TOut>(string id, Func<T, System.Threading.Tasks.Task<TOut>> map) => new();
                public KeyedStream<TKey, T> KeyBy<TKey>(Func<T, TKey> key) => new();
                public DataStream<T> Branch(Action<DataStream<T>> build) => this;
                public DataStream<T> All(params Func<T, bool>[] keeps) => this;
                public void Sink(string id, CallbackSink<T> sink) { }
            }
            public sealed class KeyedStream<TKey, T>
            {
                public DataStream<TOut> Fold<TState, TOut>(string id, Func<TState> seed, FoldStep<TState, T, TOut> step) => new();
                public DataStream<TOut> Process<TOut>(string id, Func<StateScope, IKeyedProcess<TKey, T, TOut>> create) => new();
            }
            public sealed class CallbackSink<T>(Action<T> callback) { public Action<T> Callback => callback; }
            public sealed class StateScope { }
            public interface IWindowProcess<TKey, T, TOut> { }
            public interface IProcess<T, TOut> { void OnRecord(T record); }
            public interface IKeyedProcess<TKey, T, TOut> { void OnRecord(T record); }
        }
        """;

    const string Usings = """
        using System; using System.Collections.Generic; using System.Diagnostics; using System.Linq;
        using System.Threading; using System.Threading.Tasks;
        using Millrace;

        """;

    const string Types = """

        public sealed record Order(long Total, string Region, DateTime At);
        public struct Range { public long Min; public long Max { get; set; } public bool Has(long value) => value >= Min; }
        public sealed class Tally { public long Count; public long Last { get; set; } }
        """;

    static readonly ImmutableArray<MetadataReference> s_framework = [.. Framework()];
    static readonly MetadataReference s_api = Compile(Frame("Millrace", s_framework), ApiStub).ToMetadataReference();

    /// <summary>Compilations made from one frame share the work of reading the framework: tens of milliseconds each.</summary>
    static readonly CSharpCompilation s_program = Frame("Program", s_framework.Add(s_api));

    /// <summary>Expects the rule at every [|mark|] and nowhere else; without a mark, silence.</summary>
    public static async Task<ImmutableArray<Diagnostic>> Check(string rule, string marked)
    {
        (string source, List<(int Start, int End)> marks) = Unmark(Usings + marked + Types);
        CSharpCompilation program = Compile(s_program, source);
        ImmutableArray<Diagnostic> found = await program
            .WithAnalyzers([new StreamFunctionAnalyzer()])
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        ImmutableArray<Diagnostic> sorted = [.. found.OrderBy(static d => d.Location.SourceSpan.Start)];
        Assert.Equal(
            marks.Select(mark => $"{rule} at '{source[mark.Start..mark.End]}' ({mark.Start})"),
            sorted.Select(d => (d.Id, Span: d.Location.SourceSpan))
                .Select(d => $"{d.Id} at '{source[d.Span.Start..d.Span.End]}' ({d.Span.Start})"));
        return sorted;
    }

    /// <summary>The usual case: statements inside a method that has a stream of orders, a parameter and a list.</summary>
    public static Task<ImmutableArray<Diagnostic>> CheckStatements(string rule, string marked) => Check(rule, $$"""
        public sealed class Job
        {
            public long field; public static long Shared; public long Property { get; set; } readonly Tally tally = new(); Range range;
            void Define(DataStream<Order> orders, long limit, string[] args)
            {
                {{marked}}
            }
            static bool Try(out long value) { value = 1; return true; }
        }
        """);

    static (string Source, List<(int Start, int End)> Marks) Unmark(string marked)
    {
        List<(int Start, int End)> marks = [];
        for (int open = marked.IndexOf("[|", StringComparison.Ordinal); open >= 0; open = marked.IndexOf("[|", StringComparison.Ordinal))
        {
            marked = marked.Remove(open, 2);
            int close = marked.IndexOf("|]", open, StringComparison.Ordinal);
            marked = marked.Remove(close, 2);
            marks.Add((open, close));
        }
        return (marked, marks);
    }

    static CSharpCompilation Compile(CSharpCompilation frame, string source)
    {
        bool isProgram = source.Contains("/* top level */", StringComparison.Ordinal);
        CSharpCompilation compilation = frame
            .AddSyntaxTrees(CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Preview)));
        if (isProgram) compilation = compilation.WithOptions(compilation.Options.WithOutputKind(OutputKind.ConsoleApplication));
        Assert.Empty(compilation.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error));
        return compilation;
    }

    static CSharpCompilation Frame(string assembly, IEnumerable<MetadataReference> references) => CSharpCompilation.Create(
        assembly,
        references: references,
        options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    // Only the framework: the test process itself also carries the real Millrace assemblies.
    static IEnumerable<MetadataReference> Framework()
    {
        string folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == folder)
            .Select(static path => MetadataReference.CreateFromFile(path));
    }
}
