using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>One place where a program writes, and what the write goes to.</summary>
internal readonly struct Write
{
    Write(IOperation operation, IOperation target)
    {
        Operation = operation;
        Target = target;
        (Owner, IsThroughReference) = OwnerOf(target);
    }

    /// <summary>The assignment, increment, or argument passed by reference.</summary>
    public IOperation Operation { get; }

    /// <summary>The written expression.</summary>
    public IOperation Target { get; }

    /// <summary>What the written expression hangs on: a local, a parameter, a static member, or `this`; null if unknown.</summary>
    public IOperation? Owner { get; }

    /// <summary>True when not the owner changes but an object it refers to.</summary>
    public bool IsThroughReference { get; }

    /// <summary>The local or parameter whose own value changes, a field of a struct included.</summary>
    public ISymbol? Variable => IsThroughReference ? null : VariableOf(Owner);

    public static ISymbol? VariableOf(IOperation? operation) => operation switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        _ => null,
    };

    public static IEnumerable<Write> In(IOperation root) => root.DescendantsAndSelf().SelectMany(static operation =>
        TargetsOf(operation).SelectMany(Flatten).Select(target => new Write(operation, target)));

    static IEnumerable<IOperation> TargetsOf(IOperation operation) => operation switch
    {
        ISimpleAssignmentOperation { IsRef: true } alias => [alias.Value],
        IAssignmentOperation assignment => [assignment.Target],
        IIncrementOrDecrementOperation increment => [increment.Target],
        IEventAssignmentOperation subscription => [subscription.EventReference],
        IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } argument => [argument.Value],
        IVariableDeclaratorOperation { Symbol.RefKind: RefKind.Ref } alias =>
            alias.GetVariableInitializer() is { } initializer ? [initializer.Value] : [],
        IAddressOfOperation pointer => [pointer.Reference],
        _ => [],
    };

    static IEnumerable<IOperation> Flatten(IOperation target) => target switch
    {
        ITupleOperation tuple => tuple.Elements.SelectMany(Flatten),
        IConversionOperation conversion => Flatten(conversion.Operand),
        IConditionalOperation choice => Flatten(choice.WhenTrue).Concat(choice.WhenFalse is { } other ? Flatten(other) : []),
        IDeclarationExpressionOperation or ILocalReferenceOperation { IsDeclaration: true } or IDiscardOperation => [],
        _ => [target],
    };

    static (IOperation? Owner, bool IsThroughReference) OwnerOf(IOperation target)
    {
        bool isThroughReference = false;
        IOperation? current = target;
        while (current is not null)
        {
            switch (current)
            {
                case ILocalReferenceOperation or IParameterReferenceOperation:
                case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }:
                case IMemberReferenceOperation { Instance: null }:
                    return (current, isThroughReference);
                case IFieldReferenceOperation or IPropertyReferenceOperation or IEventReferenceOperation:
                    current = ((IMemberReferenceOperation)current).Instance;
                    isThroughReference |= current?.Type?.IsReferenceType == true;
                    break;
                case IArrayElementReferenceOperation element:
                    (current, isThroughReference) = (element.ArrayReference, true);
                    break;
                case IInlineArrayAccessOperation element:
                    current = element.Instance;
                    break;
                case IImplicitIndexerReferenceOperation element:
                    current = element.Instance;
                    isThroughReference |= current.Type?.IsReferenceType == true;
                    break;
                case IConversionOperation conversion:
                    current = conversion.Operand;
                    break;
                case IConditionalAccessInstanceOperation:
                    current = current.Ancestors().OfType<IConditionalAccessOperation>().FirstOrDefault()?.Operation;
                    break;
                default:
                    return (null, isThroughReference);
            }
        }
        return (null, isThroughReference);
    }
}
