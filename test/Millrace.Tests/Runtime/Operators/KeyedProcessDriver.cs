using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.State;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>Drives a keyed function as its task does, with a batch of output of chosen size, and keeps what it emits.</summary>
sealed class KeyedProcessDriver<TKey, TIn, TOut>(
    Func<TIn, TKey> keyOf, Func<StateScope, IKeyedProcess<TKey, TIn, TOut>> factory, int room = 64) : IKeyOpsVisitor<TKey, IOperator<TIn, TOut>>
{
    readonly OutputBuffer<TOut> _buffer = new();
    readonly TOut[] _values = new TOut[room];
    readonly Timestamp[] _timestamps = new Timestamp[room];
    IOperator<TIn, TOut>? _operator;
    Func<long>? _dropped;

    public IOperator<TIn, TOut> Operator => _operator ??= KeyTypes.Of<TKey>().Accept(this);

    public List<(TOut Value, Timestamp Timestamp)> Outputs { get; } = [];

    public Timestamp Now { get; set; } = Timestamp.UnixEpoch;

    /// <summary>Where the operator is in the last batch.</summary>
    public int Position { get; private set; }

    /// <summary>How often the operator was called.</summary>
    public int Calls { get; private set; }

    public long OverdraftTotal => _buffer.OverdraftTotal;

    public long ProcessingTimersDropped => _dropped!();

    IOperator<TIn, TOut> IKeyOpsVisitor<TKey, IOperator<TIn, TOut>>.Visit<TOps>()
    {
        KeyedProcessOperator<TKey, TIn, TOut, TOps> made = new(keyOf, factory, () => Now);
        _dropped = () => made.ProcessingTimersDropped;
        return made;
    }

    public void Send(params (TIn Value, Timestamp Timestamp)[] records)
    {
        Batch<TIn> batch = new(records.Length, hasTimestamps: true) { Count = records.Length };
        for (int i = 0; i < records.Length; i++) (batch.Values[i], batch.Timestamps[i]) = records[i];
        Send(batch);
    }

    public void Send(Batch<TIn> batch)
    {
        Position = 0;
        Repeat(() =>
        {
            int position = Position;
            try
            {
                Operator.Process(batch, ref position, _buffer);
            }
            finally
            {
                Position = position;
            }

            return position == batch.Count;
        });
    }

    public void Watermark(Timestamp watermark) => Repeat(() => Operator.OnWatermark(watermark, _buffer));

    public void Clock(Timestamp now)
    {
        Now = now;
        if (Operator.NextProcessingTime < now) Repeat(() => Operator.OnProcessingTime(now, _buffer));
    }

    public void End()
    {
        Watermark(Timestamp.MaxValue);
        Repeat(() => Operator.OnEnd(_buffer));
    }

    void Repeat(Func<bool> goOn)
    {
        for (bool isDone = false; !isDone;)
        {
            _buffer.Bind(_values, _timestamps, 0, room);
            if (_buffer.DrainOverdraft() && _buffer.HasRoom)
            {
                Calls++;
                isDone = goOn();
            }

            Collect();
        }

        while (_buffer.HasOverdraft)
        {
            _buffer.Bind(_values, _timestamps, 0, room);
            _buffer.DrainOverdraft();
            Collect();
        }
    }

    void Collect()
    {
        for (int i = 0; i < _buffer.Count; i++) Outputs.Add((_values[i], _timestamps[i]));
    }
}
