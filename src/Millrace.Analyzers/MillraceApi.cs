using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>Recognises Millrace's API by name, so that the analyzers need no reference to it.</summary>
internal static class MillraceApi
{
    const string Root = "Millrace";
    const string Connectors = "Millrace.Connectors";

    public static bool IsUsedBy(Compilation compilation) =>
        compilation.Assembly.Name == Root || compilation.ReferencedAssemblyNames.Any(static name => name.Name == Root);

    /// <summary>The method or constructor an argument goes to, if it belongs to Millrace.</summary>
    public static IMethodSymbol? MethodReceiving(IArgumentOperation argument)
    {
        IMethodSymbol? method = argument.Parent switch
        {
            IInvocationOperation invocation => invocation.TargetMethod,
            IObjectCreationOperation creation => creation.Constructor,
            _ => null,
        };
        return method is not null && Declares(method.ContainingType) ? method : null;
    }

    /// <summary>The name users know a method by: a constructor goes by the name of its type.</summary>
    public static string NameOf(IMethodSymbol method) =>
        method.MethodKind == MethodKind.Constructor ? method.ContainingType.Name : method.Name;

    /// <summary>A function that takes a stream builds the graph; it is not called per record and not by several tasks.</summary>
    public static bool BuildsGraph(IMethodSymbol function) =>
        function.Parameters.Any(static parameter => parameter.Type is INamedTypeSymbol type
            && type.Name is "Dataflow" or "DataStream" or "KeyedStream" or "WindowedStream"
            && Declares(type));

    public static bool IsProcess(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.ContainingType)
        {
            if (type.AllInterfaces.Any(static i =>
                i.Name is "IProcess" or "IKeyedProcess" or "ICoProcess" or "IWindowProcess" && Declares(i))) return true;
        }
        return false;
    }

    static bool Declares(INamedTypeSymbol? type)
    {
        if (type?.ContainingAssembly?.Name is not { } assembly) return false;
        if (assembly != Root && !assembly.StartsWith(Root + ".", StringComparison.Ordinal)) return false;
        string space = type.ContainingNamespace.ToDisplayString();
        return space == Root || space == Connectors || space.StartsWith(Connectors + ".", StringComparison.Ordinal);
    }
}
