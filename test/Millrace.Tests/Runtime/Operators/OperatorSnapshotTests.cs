using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>Folds and keyed functions that are replaced by restored ones between batches.</summary>
public sealed class OperatorSnapshotTests
{
    [Fact]
    public void Fold_RestoredAtEveryBoundary_GoesOnWhereItWas()
    {
        Random random = new(1);
        Dictionary<int, long> expected = [];
        RunStore store = new();
        FoldOperator<int, long, int, KeyValue<int, long>, CountFold<int, int>, Int32KeyOps> op = new(static r => r, default);
        for (long id = 1; id <= 30; id++)
        {
            int[] keys = [.. Enumerable.Range(0, 500).Select(_ => random.Next(300))];
            List<KeyValue<int, long>> counts = Feed(op, keys);
            Assert.Equal(keys.Select(key => new KeyValue<int, long>(key, expected[key] = expected.GetValueOrDefault(key) + 1)), counts);
            Take(store, op.SnapshotRows[0], id, id - 1);
            op = new(static r => r, default);
            store.Restore(id, KeyRange.Full, op.SnapshotRows[0]);
        }
    }

    [Fact]
    public void Fold_OfAMutableState_IsCapturedAsItWasAtTheBarrier()
    {
        FoldOperator<int, List<int>, int, int, DelegateFold<int, List<int>, int, int>, Int32KeyOps> op = Lists();
        Feed(op, 1, 1, 2);
        ISnapshotRows rows = op.SnapshotRows[0];
        rows.Begin(new(1, 0, KeyRange.Full, IsFull: true));
        Feed(op, 1, 2, 2, 3);
        int budget = int.MaxValue;
        Assert.True(rows.Capture(ref budget));
        Feed(op, 1, 2, 3);
        RunStore store = new();
        store.Add(1, 0, rows.Take());
        FoldOperator<int, List<int>, int, int, DelegateFold<int, List<int>, int, int>, Int32KeyOps> restored = Lists();
        store.Restore(1, KeyRange.Full, restored.SnapshotRows[0]);
        Assert.Equal([3, 2, 1], Feed(restored, 1, 2, 3));
    }

    [Fact]
    public void KeyedFunction_RestoredBetweenBatches_FiresItsTimersInTheirOrder()
    {
        KeyedProcessDriver<int, Act, string> before = Acted();
        for (int key = 0; key < 20; key++)
        {
            before.Send((new Act(key, static p =>
            {
                p.Many.Add(new(50));
                p.One.Set(new(40));
                p.One.Set(new(50));
                p.Count.Set(7);
            }), new(1)));
        }

        KeyedProcessDriver<int, Act, string> after = Acted();
        for (int i = 0; i < before.Operator.SnapshotRows.Count; i++)
        {
            RunStore store = new();
            Take(store, before.Operator.SnapshotRows[i], 1, 0);
            store.Restore(1, KeyRange.Full, after.Operator.SnapshotRows[i]);
        }

        after.Operator.OnRestored(new(30), []);
        int counted = 0;
        after.Send((new Act(3, p => counted = p.Count.TryGet(out int count) ? count : 0), new(1)));
        Assert.Equal(7, counted);
        before.Watermark(new(60));
        after.Watermark(new(60));
        Assert.Equal(40, before.Outputs.Count);
        Assert.Equal(before.Outputs, after.Outputs);
    }

    /// <summary>Seed 8422 of the simulation: its timers have fired up to there, and a snapshot that does not say so describes timers that are missing.</summary>
    [Fact]
    public void KeyedFunction_RestoredWithSlicesThatWereFurther_SaysSoUntilEventTimeIs()
    {
        RangeWatermark near = new(KeyRange.Of(1, 4), new(50)), far = new(KeyRange.Of(2, 4), new(70));
        KeyedProcessDriver<int, Act, string> restored = Acted();
        restored.Operator.OnRestored(new(30), [near, far]);
        Assert.Equal([near, far], restored.Operator.Ahead);
        restored.Watermark(new(50));
        Assert.Equal([far], restored.Operator.Ahead);
        restored.Watermark(new(71));
        Assert.Empty(restored.Operator.Ahead);
    }

    static KeyedProcessDriver<int, Act, string> Acted() => new(static a => a.Key, static scope => new ActedProcess(scope));

    static FoldOperator<int, List<int>, int, int, DelegateFold<int, List<int>, int, int>, Int32KeyOps> Lists() => new(static r => r, new(static () => [], static (ref all, in r, output) =>
    {
        all.Add(r.Value);
        output.Emit(all.Count);
    }));

    static List<TOut> Feed<TOut>(IOperator<int, TOut> op, params int[] keys)
    {
        Batch<int> batch = new(keys.Length, false) { Count = keys.Length };
        keys.CopyTo(batch.Values, 0);
        OutputBuffer<TOut> output = new();
        output.Bind(new TOut[keys.Length], [], 0, keys.Length);
        int position = 0;
        op.Process(batch, ref position, output);
        Assert.Equal(keys.Length, position);
        return [.. output.Values.Take(output.Count)];
    }

    static void Take(RunStore store, ISnapshotRows rows, long id, long parent)
    {
        rows.Begin(new(id, parent, KeyRange.Full, IsFull: false));
        int budget = int.MaxValue;
        Assert.True(rows.Capture(ref budget));
        store.Add(id, parent, rows.Take());
    }
}
