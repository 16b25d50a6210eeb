using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>
/// Drives an operator as its task does, with as much room in the output as a test wants: calls again until all is done, and collects what
/// comes out. Times are milliseconds, as in the reference: a watermark w says that nothing up to the end of millisecond w is left.
/// </summary>
sealed class WindowDriver<TIn, TOut>(IOperator<TIn, TOut> op, int room = 16)
{
    readonly OutputBuffer<TOut> _output = new();
    OutputBuffer<TIn>? _late;

    /// <summary>What came out, with timestamps.</summary>
    public List<(TOut Value, Timestamp Timestamp)> Results { get; } = [];

    /// <summary>What came out late, with timestamps.</summary>
    public List<(TIn Value, Timestamp Timestamp)> Late { get; } = [];

    /// <summary>How often the operator was called.</summary>
    public int Calls { get; private set; }

    /// <summary>Where in its batch the operator was when it threw.</summary>
    public int Position { get; private set; }

    /// <summary>Goes on with another operator, restored from a snapshot of the last one.</summary>
    public void Replace(IOperator<TIn, TOut> restored) => op = restored;

    /// <summary>Collects late records; bound with the same room as the output.</summary>
    public OutputBuffer<TIn> BindLate() => _late = new();

    public static Timestamp At(long milliseconds) => Timestamp.FromUnixMilliseconds(milliseconds);

    public static Timestamp EndOf(long milliseconds) => At(milliseconds + 1) - TimeSpan.FromTicks(1);

    public void Feed(params (TIn Value, long Milliseconds)[] records) => FeedAt([.. records.Select(r => (r.Value, At(r.Milliseconds)))]);

    public void FeedAt(params (TIn Value, Timestamp Timestamp)[] records)
    {
        Batch<TIn> batch = new(Math.Max(1, records.Length), true) { Count = records.Length };
        for (int i = 0; i < records.Length; i++) (batch.Values[i], batch.Timestamps[i]) = records[i];
        Feed(batch);
    }

    public void Feed(Batch<TIn> batch)
    {
        int position = 0;
        while (position < batch.Count)
        {
            int before = position;
            Run(() =>
            {
                try
                {
                    op.Process(batch, ref position, _output);
                }
                finally
                {
                    Position = position;
                }

                Assert.InRange(position, before, batch.Count);
                return true;
            });
        }
    }

    public void Watermark(long milliseconds) => WatermarkAt(EndOf(milliseconds));

    public void WatermarkAt(Timestamp watermark) => RunUntilDone(() => op.OnWatermark(watermark, _output));

    public void Clock(Timestamp now) => RunUntilDone(() => op.OnProcessingTime(now, _output));

    public void End()
    {
        WatermarkAt(Timestamp.MaxValue);
        RunUntilDone(() => op.OnEnd(_output));
    }

    /// <summary>Takes what came out so far.</summary>
    public (TOut Value, Timestamp Timestamp)[] Take()
    {
        (TOut, Timestamp)[] taken = [.. Results];
        Results.Clear();
        return taken;
    }

    void RunUntilDone(Func<bool> step)
    {
        while (!Run(step))
        {
        }
    }

    bool Run(Func<bool> step)
    {
        Assert.True(++Calls < 1_000_000, "the operator does not come to an end");
        _output.Bind(new TOut[room], new Timestamp[room], 0, room);
        _late?.Bind(new TIn[room], new Timestamp[room], 0, room);
        bool isDone = step();
        Assert.False(_output.HasOverdraft || _late is { HasOverdraft: true }, "the operator emitted beyond its room");
        for (int i = 0; i < _output.Count; i++) Results.Add((_output.Values[i], _output.Timestamps[i]));
        for (int i = 0; i < (_late?.Count ?? 0); i++) Late.Add((_late!.Values[i], _late.Timestamps[i]));
        return isDone;
    }
}
