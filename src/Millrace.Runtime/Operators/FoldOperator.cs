using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State;
using Millrace.State.Snapshots;
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
    ISnapshotRows[]? _snapshotRows;

    /// <inheritdoc/>
    public IReadOnlyList<ISnapshotRows> SnapshotRows => _snapshotRows ??= [KeyedRows.OfTable(StateNames.Fold, "fold", _table)];

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
        FoldRow step = new(ref _fold, input, ref position, count, output);
        int done = _table.Update(_block.Keys.AsSpan(0, count), _block.Hashes.AsSpan(0, count), ref step);
        position = start + done;
    }

    ref struct FoldRow(ref TFold fold, Batch<TIn> input, ref int position, int count, OutputBuffer<TOut> output) : IRowStep<TKey, TState>
    {
        readonly ref TFold _fold = ref fold;
        readonly ref int _position = ref position;
        readonly int _start = position;
        readonly ReadOnlySpan<TIn> _values = input.Values.AsSpan(position, count);
        readonly ReadOnlySpan<Timestamp> _timestamps = input.Timestamps.Length == 0 ? default : input.Timestamps.AsSpan(position, count);

        public readonly bool CanGoOn => output.HasRoom;

        public readonly void Step(int index, TKey key, ref TState state, bool isNew)
        {
            _position = _start + index;
            if (isNew) state = _fold.Seed();
            Timestamp timestamp = _timestamps.IsEmpty ? Timestamp.None : _timestamps[index];
            _fold.Step(isNew, key, ref state, new Record<TIn>(in _values[index], timestamp), new Output<TOut>(output, timestamp));
        }
    }
}
