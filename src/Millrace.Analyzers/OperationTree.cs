using Microsoft.CodeAnalysis;

namespace Millrace.Analyzers;

/// <summary>Ways through an operation tree that Roslyn leaves to its users.</summary>
internal static class OperationTree
{
    public static IEnumerable<IOperation> Ancestors(this IOperation operation)
    {
        for (IOperation? parent = operation.Parent; parent is not null; parent = parent.Parent) yield return parent;
    }

    public static IOperation Root(this IOperation operation) => operation.Ancestors().LastOrDefault() ?? operation;
}
