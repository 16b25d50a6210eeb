using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>A lambda, local function or method given to Millrace, with the local functions it calls.</summary>
internal sealed class PassedFunction
{
    PassedFunction(IOperation function, IOperation passedAt, bool isInSameMember)
    {
        PassedAt = passedAt;
        IsInSameMember = isInSameMember;
        Bodies = WithCalledLocalFunctions(function);
    }

    /// <summary>Where the delegate comes into being: from here on its captured variables are shared.</summary>
    public IOperation PassedAt { get; }

    /// <summary>False for a method group of an ordinary method: such a function captures no variable.</summary>
    public bool IsInSameMember { get; }

    /// <summary>The function itself, then every local function it reaches.</summary>
    public ImmutableArray<IOperation> Bodies { get; }

    public bool Contains(SyntaxNode node) =>
        Bodies.Any(body => body.Syntax.SyntaxTree == node.SyntaxTree && body.Syntax.Span.Contains(node.Span));

    public bool Declares(ISymbol variable) => variable.DeclaringSyntaxReferences.Any(reference =>
        Bodies.Any(body => body.Syntax.SyntaxTree == reference.SyntaxTree && body.Syntax.Span.Contains(reference.Span)));

    /// <summary>The functions an argument hands over: none, one, or several when it chooses or lists them.</summary>
    public static IEnumerable<PassedFunction> In(IArgumentOperation argument) => In(argument.Value, depth: 0);

    static IEnumerable<PassedFunction> In(IOperation? value, int depth) => value switch
    {
        null => [],
        IConversionOperation conversion => In(conversion.Operand, depth),
        IDelegateCreationOperation creation => In(creation.Target, depth),
        IConditionalOperation choice => In(choice.WhenTrue, depth).Concat(In(choice.WhenFalse, depth)),
        ICoalesceOperation choice => In(choice.Value, depth).Concat(In(choice.WhenNull, depth)),
        ISwitchExpressionOperation choice => choice.Arms.SelectMany(arm => In(arm.Value, depth)),
        IArrayCreationOperation list => list.Initializer?.ElementValues.SelectMany(element => In(element, depth)) ?? [],
        ICollectionExpressionOperation list => list.Elements.SelectMany(element => In(element, depth)),
        ILocalReferenceOperation local when depth == 0 => In(InitializerOf(local), depth: 1),
        IAnonymousFunctionOperation lambda => Unless(lambda.Symbol, new PassedFunction(lambda, lambda, isInSameMember: true)),
        IMethodReferenceOperation group when LocalFunction(group, group.Method) is { } local =>
            Unless(group.Method, new PassedFunction(local, group, isInSameMember: true)),
        // A method whose code is not at hand stands for itself: its name may say enough.
        IMethodReferenceOperation group => Unless(group.Method, new PassedFunction(BodyOf(group) ?? group, group, isInSameMember: false)),
        _ => [],
    };

    static IEnumerable<PassedFunction> Unless(IMethodSymbol symbol, PassedFunction function) =>
        MillraceApi.BuildsGraph(symbol) ? [] : [function];

    static IOperation? InitializerOf(ILocalReferenceOperation reference) => reference.Root().Descendants()
        .OfType<IVariableDeclaratorOperation>()
        .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, reference.Local))
        ?.GetVariableInitializer()?.Value;

    // Only in the same file: the compiler frowns on semantic models of other trees inside an analyzer, with reason.
    static IOperation? BodyOf(IMethodReferenceOperation group) =>
        group.Method.DeclaringSyntaxReferences.FirstOrDefault() is { } declaration && declaration.SyntaxTree == group.Syntax.SyntaxTree
            ? group.SemanticModel?.GetOperation(declaration.GetSyntax())
            : null;

    static ILocalFunctionOperation? LocalFunction(IOperation anywhere, IMethodSymbol symbol) =>
        symbol.MethodKind != MethodKind.LocalFunction ? null : anywhere.Root().Descendants().OfType<ILocalFunctionOperation>()
            .FirstOrDefault(function => SymbolEqualityComparer.Default.Equals(function.Symbol, symbol.OriginalDefinition));

    static ImmutableArray<IOperation> WithCalledLocalFunctions(IOperation function)
    {
        List<IOperation> bodies = [function];
        for (int i = 0; i < bodies.Count; i++)
        {
            foreach (IOperation operation in bodies[i].Descendants())
            {
                IMethodSymbol? called = operation switch
                {
                    IInvocationOperation invocation => invocation.TargetMethod,
                    IMethodReferenceOperation group => group.Method,
                    _ => null,
                };
                if (called is null || LocalFunction(operation, called) is not { } local) continue;
                if (!bodies.Any(body => body.Syntax.Span.Contains(local.Syntax.Span))) bodies.Add(local);
            }
        }
        return bodies.ToImmutableArray();
    }
}
