using Millrace.Engine;
using Millrace.Runtime.Operators;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>Makes a fold operator once the key type's operations are known.</summary>
sealed class FoldFactory<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec) : IKeyOpsVisitor<TKey, IOperator<TIn, TOut>>
    where TFold : struct, IFold<TKey, TState, TIn, TOut>
{
    public IOperator<TIn, TOut> Visit<TOps>() where TOps : struct, IKeyOps<TKey> =>
        new FoldOperator<TKey, TState, TIn, TOut, TFold, TOps>(spec.KeyOf, spec.Fold);
}
