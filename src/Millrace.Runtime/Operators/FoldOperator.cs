using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>Updates one value of state per key with each record.</summary>
public sealed class FoldOperator<TKey, TState, TIn, TOut, TFold, TOps>(Func<TIn, TKey> keyOf, TFold fold) : IOperator<TIn, TOut>
    where TFold : struct, IFold<TKey, TState, TIn, TOut>
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, TState, TOps> _table = new();
    readonly KeyBlock<TKey, TIn, TOps> _block = new(keyOf);
    TFold _fold = fold;

    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        while (position < input.Count && output.HasRoom)
        {
            int count = _block.Load(input, ref position);
            if (_table.IsLarge) Prefetch(count);
            Update(input, ref position, count, output);
        }
    }

    void Prefetch(int count)
    {
        foreach (uint hash in _block.Hashes.AsSpan(0, count)) _table.Prefetch(hash);
    }

    void Update(Batch<TIn> input, ref int position, int count, OutputBuffer<TOut> output)
    {
        int start = position;
        TKey[] keys = _block.Keys;
        uint[] hashes = _block.Hashes;
        for (int at = 0; at < count && output.HasRoom; at++)
        {
            position = start + at;
            TKey key = keys[at];
            ref TState state = ref _table.GetOrAdd(hashes[at], key, out bool isNew);
            if (isNew) state = _fold.Seed();
            Timestamp timestamp = input.TimestampAt(start + at);
            _fold.Step(isNew, key, ref state, new Record<TIn>(ref input.Values[start + at], timestamp), new Output<TOut>(output, timestamp));
            position = start + at + 1;
        }
    }
}
