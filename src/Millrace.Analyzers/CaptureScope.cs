using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>Looks for writes to a captured variable that can happen once the function that captures it exists.</summary>
/// <param name="member">The whole body of the method, accessor or initializer.</param>
/// <param name="graphOf">Builds the flow graph of that body; called at most once.</param>
internal sealed class CaptureScope(IOperation member, Func<ControlFlowGraph> graphOf)
{
    readonly Lazy<List<Write>> _writes = new(() => Write.In(member).Where(static write => write.Variable is not null).ToList());
    readonly Lazy<ControlFlowGraph> _graph = new(graphOf);

    /// <summary>The first write outside the function that can follow its creation, or null.</summary>
    public Write? WriteAfterCapture(PassedFunction function, ISymbol variable)
    {
        List<Write> outside = _writes.Value
            .Where(write => SymbolEqualityComparer.Default.Equals(write.Variable, variable) && !function.Contains(write.Operation.Syntax))
            .ToList();
        if (outside.Count == 0) return null;

        IOperation? owner = EnclosingFunctions(function.PassedAt).FirstOrDefault(enclosing => Declares(enclosing, variable));
        if (GraphOf(owner) is not { } graph) return null;
        LifetimeFlow flow = new(graph, variable);
        Func<IOperation, bool> isCapture = Runs(function.PassedAt, owner, anonymousRunsAtCreation: true) ?? (static _ => false);
        foreach (Write write in outside)
        {
            // A lambda that writes may run at any time; so may a local function that became a delegate.
            Func<IOperation, bool>? isWrite = Runs(write.Operation, owner, anonymousRunsAtCreation: false);
            if (isWrite is null || flow.CanFollow(isCapture, isWrite)) return write;
        }
        return null;
    }

    /// <summary>
    /// Recognises, in the flow graph of <paramref name="owner"/>, the operation that makes <paramref name="operation"/> happen:
    /// itself, or the call of the local function it is in. Null when nobody can tell.
    /// </summary>
    Func<IOperation, bool>? Runs(IOperation operation, IOperation? owner, bool anonymousRunsAtCreation)
    {
        IOperation? outermost = EnclosingFunctions(operation).TakeWhile(enclosing => enclosing != owner).LastOrDefault();
        if (outermost is ILocalFunctionOperation local)
        {
            bool becomesDelegate = member.Descendants().OfType<IMethodReferenceOperation>().Any(group => Is(group.Method, local.Symbol));
            bool isCalledElsewhere = Calls(local).Any(call =>
                EnclosingFunctions(call).FirstOrDefault() is { } caller && caller != owner && caller != local);
            return becomesDelegate || isCalledElsewhere
                ? null
                : candidate => candidate is IInvocationOperation call && Is(call.TargetMethod, local.Symbol);
        }
        if (outermost is not null && !anonymousRunsAtCreation) return null;
        SyntaxNode syntax = (outermost ?? operation).Syntax;
        return candidate => candidate.Syntax == syntax;
    }

    IEnumerable<IInvocationOperation> Calls(ILocalFunctionOperation function) =>
        member.Descendants().OfType<IInvocationOperation>().Where(call => Is(call.TargetMethod, function.Symbol));

    static bool Is(IMethodSymbol called, IMethodSymbol declared) =>
        SymbolEqualityComparer.Default.Equals(called.OriginalDefinition, declared);

    static IEnumerable<IOperation> EnclosingFunctions(IOperation operation) =>
        operation.Ancestors().Where(static ancestor => ancestor is IAnonymousFunctionOperation or ILocalFunctionOperation);

    static bool Declares(IOperation function, ISymbol variable) =>
        variable.DeclaringSyntaxReferences.Any(reference => function.Syntax.Span.Contains(reference.Span));

    /// <summary>The flow graph of a function, the whole member's for null. Null if the compiler dropped the code.</summary>
    ControlFlowGraph? GraphOf(IOperation? owner)
    {
        ControlFlowGraph? graph = _graph.Value;
        if (owner is null) return graph;
        foreach (IOperation function in EnclosingFunctions(owner).Reverse().Append(owner))
        {
            graph = function is ILocalFunctionOperation local ? GraphOf(graph, local) : GraphOf(graph, function.Syntax);
            if (graph is null) return null;
        }
        return graph;
    }

    static ControlFlowGraph? GraphOf(ControlFlowGraph graph, ILocalFunctionOperation function) =>
        graph.LocalFunctions.FirstOrDefault(local => Is(local, function.Symbol)) is { } symbol
            ? graph.GetLocalFunctionControlFlowGraph(symbol)
            : null;

    static ControlFlowGraph? GraphOf(ControlFlowGraph graph, SyntaxNode lambda) => graph.Blocks
        .SelectMany(static block => block.BranchValue is { } value ? block.Operations.Add(value) : block.Operations)
        .SelectMany(static statement => statement.DescendantsAndSelf())
        .OfType<IFlowAnonymousFunctionOperation>()
        .FirstOrDefault(function => function.Syntax == lambda) is { } found
            ? graph.GetAnonymousFunctionControlFlowGraph(found)
            : null;
}
