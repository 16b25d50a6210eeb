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

/// <summary>Makes a keyed process operator once the key type's operations are known.</summary>
sealed class KeyedProcessFactory<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec, TimeProvider time) : IKeyOpsVisitor<TKey, IOperator<TIn, TOut>>
{
    public IOperator<TIn, TOut> Visit<TOps>() where TOps : struct, IKeyOps<TKey> =>
        new KeyedProcessOperator<TKey, TIn, TOut, TOps>(spec.KeyOf, spec.Factory, () => Timestamp.FromDateTimeOffset(time.GetUtcNow()));
}

/// <summary>Makes a window operator once the key type's operations are known.</summary>
sealed class WindowFactory<TKey, TIn, TAccumulator, TOut, TAggregate>(
    WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec, OutputBuffer<TIn>? late, TimeProvider time) : IKeyOpsVisitor<TKey, IOperator<TIn, TOut>>
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
{
    public IOperator<TIn, TOut> Visit<TOps>() where TOps : struct, IKeyOps<TKey>
    {
        WindowOperator<TKey, TIn, TAccumulator, TOut, TAggregate, TOps> op = new(spec.KeyOf, spec.Windows, spec.AllowedLateness, spec.Aggregate(), time);
        if (late is not null) op.BindLate(late);
        return op;
    }
}
