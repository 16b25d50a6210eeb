using System.Reflection;
using System.Runtime.CompilerServices;
using Millrace.Simulation;

namespace Millrace.Tests.Simulation;

/// <summary>Everything a job can be made of is in some world, or is listed here with the reason why not. The table is <c>test/Millrace.Simulation/Verbs.txt</c>.</summary>
public sealed class VerbCoverageTests
{
    /// <summary>Where jobs begin; what these give is found by what they return.</summary>
    static readonly Type[] s_roots = [typeof(Dataflow), typeof(StateScope), typeof(OperatorScope), typeof(WatermarkStrategy), typeof(Tumbling), typeof(Sliding), typeof(StateTtl), typeof(Output<>)];

    /// <summary>What no world has, and why.</summary>
    static readonly Dictionary<string, string> s_reasons = new(StringComparer.Ordinal)
    {
        ["DataStream.Sink(String, ISink)"] = "a sink that promises nothing: no oracle could tell",
        ["SinkHandle.WithParallelism(Int32)"] = "the same property of a node as DataStream.WithParallelism",
        ["SinkHandle.DisableChaining()"] = "the same property of a node as DataStream.DisableChaining",
        ["SinkHandle.Blocking()"] = "the same property of a node as DataStream.Blocking; tasks of a world have no threads",
        ["WatermarkStrategy.Monotonous(Func)"] = "BoundedOutOfOrderness with a bound of zero, which worlds have",
    };

    [Fact]
    public void Verb_OfTheApi_IsInSomeWorldOrListedWithAReason()
    {
        ILookup<MethodBase, string> users = VerbCalls.Of(typeof(RandomTopology).Assembly).Where(static c => IsOfWorlds(c.By)).ToLookup(static c => c.Called, static c => c.By.Name);
        List<string> table = [], open = [];
        foreach ((string verb, MethodBase method) in Verbs().OrderBy(static v => v.Verb, StringComparer.Ordinal))
        {
            string[] pieces = [.. users[method].Distinct().Order(StringComparer.Ordinal)];
            bool hasReason = s_reasons.TryGetValue(verb, out string? reason);
            if (pieces.Length == 0 && !hasReason) open.Add($"{verb} is in no world: add a piece that calls it (test/Millrace.Simulation/Pieces), or a reason");
            if (pieces.Length > 0 && hasReason) open.Add($"{verb} is in {string.Join(", ", pieces)}: it needs no reason any more");
            table.Add($"{verb}: {(pieces.Length > 0 ? string.Join(", ", pieces) : $"not simulated, {reason}")}");
        }

        string[] verbs = [.. Verbs().Select(static v => v.Verb)];
        open.AddRange(s_reasons.Keys.Where(known => !verbs.Contains(known)).Select(static gone => $"{gone} has a reason and is no verb"));
        Assert.True(open.Count == 0, string.Join('\n', open));
        Assert.True(verbs.Length > 80, $"only {verbs.Length} verbs were found");

        string path = Path.Combine(Root(), "test/Millrace.Simulation/Verbs.txt"), text = string.Join('\n', table) + "\n";
        if (Environment.GetEnvironmentVariable("MILLRACE_ACCEPT_API") == "1") File.WriteAllText(path, text);
        Assert.True(File.ReadAllText(path) == text, $"{path} is not what pieces call; accept it by running this test with MILLRACE_ACCEPT_API=1:\n{text}");
    }

    [Fact]
    public void Piece_OfEveryKind_IsInSomeWorld()
    {
        HashSet<string> missing = [.. typeof(IPiece).Assembly.GetTypes().Where(static t => t is { IsInterface: false } && (t.IsAssignableTo(typeof(IPiece)) || t.IsAssignableTo(typeof(IStage)))).Select(static t => t.Name)];
        Assert.True(missing.Count > 15, $"only {missing.Count} pieces were found");
        for (ulong seed = 1; seed <= 3_000 && missing.Count > 0; seed++)
        {
            RandomTopology job = new();
            job.Prepare(seed);
            string program = $"{job}";
            missing.RemoveWhere(name => program.Contains($"{name} {{", StringComparison.Ordinal));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void Verb_OfACodeThatCallsNone_IsNotFound() =>
        Assert.DoesNotContain(VerbCalls.Of(typeof(VerbCoverageTests).Assembly).Where(static c => c.By == typeof(VerbCoverageTests)), static c => c.Called.DeclaringType == typeof(DataStream<>));

    /// <summary>Sweeps are of one small job; what a user may do is in the random graphs.</summary>
    static bool IsOfWorlds(Type type) => type != typeof(SweepTopology);

    static IEnumerable<(string Verb, MethodBase Method)> Verbs()
    {
        HashSet<Type> known = [];
        Queue<Type> open = new(s_roots);
        while (open.TryDequeue(out Type? type))
        {
            if (!known.Add(type)) continue;
            const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            if (type.BaseType is { } inherited && inherited.Assembly == type.Assembly) open.Enqueue(inherited);
            foreach (MethodInfo method in type.GetMethods(Declared).Where(static m => IsVerb(m)))
            {
                yield return ($"{Name(type)}.{method.Name}({string.Join(", ", method.GetParameters().Select(static p => $"{(p.IsOut ? "out " : "")}{Name(p.ParameterType)}"))})", method);
                Type result = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
                // Graphs and options are what jobs become, not what they are made of.
                if (result.Assembly == typeof(Dataflow).Assembly && result.Namespace == "Millrace" && result is { IsEnum: false, IsValueType: false, IsArray: false } && result != typeof(JobGraph)) open.Enqueue(result);
            }
        }
    }

    static bool IsVerb(MethodInfo method) =>
        !method.IsSpecialName && !method.IsDefined(typeof(CompilerGeneratedAttribute)) && method.GetBaseDefinition().DeclaringType != typeof(object) && method.Name != "Build";

    static string Name(Type type)
    {
        string name = type.IsByRef ? Name(type.GetElementType()!) : type.Name;
        int arity = name.IndexOf('`', StringComparison.Ordinal);
        return arity < 0 ? name : name[..arity] + (type.IsArray ? "[]" : "");
    }

    static string Root()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Millrace.slnx"))) folder = folder.Parent ?? throw new InvalidOperationException("the tests are not in a checkout");
        return folder.FullName;
    }
}
