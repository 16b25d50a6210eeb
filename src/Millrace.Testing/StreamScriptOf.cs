namespace Millrace.Testing;

/// <summary>
/// A script for one function, made by <see cref="StreamScript"/>. Runs on the thread of the test, on the engine's own tasks: what is sent
/// is handled before the call returns. Nothing needs to be closed unless the function opens something.
/// </summary>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public sealed class StreamScript<TIn, TOut> : IDisposable
{
    readonly Func<DataStream<TIn>, DataStream<TOut>> _define;
    readonly Dictionary<object, Action<DataStream<TOut>>> _sides = [];
    readonly Dictionary<object, object> _sideOutputs = [];
    readonly CollectedOutput<TOut> _output = new();
    ScriptRun<TIn>? _run;
    Timestamp _at = Timestamp.None;

    internal StreamScript(Func<DataStream<TIn>, DataStream<TOut>> define) => _define = define;

    /// <summary>The clock of the function. Move it with <see cref="AdvanceTo"/>, which also runs the function.</summary>
    public ManualTimeProvider Time { get; } = new();

    /// <summary>The outputs, for checks of your own.</summary>
    public CollectedOutput<TOut> Output => _output;

    /// <summary>Collects a side output. Before the first record.</summary>
    /// <param name="side">The side output.</param>
    public StreamScript<TIn, TOut> Collecting<TSide>(SideOutput<TSide> side)
    {
        ArgumentNullException.ThrowIfNull(side);
        if (_run is not null) throw new InvalidOperationException("say which side outputs to collect before anything is sent");
        CollectedOutput<TSide> collected = new();
        _sideOutputs.Add(side, collected);
        _sides.Add(side, stream => stream.Side(side).Sink("side-" + side.Name, collected));
        return this;
    }

    /// <summary>Sets the timestamp of the records sent from here on.</summary>
    /// <param name="time">As <see cref="TestTime.At"/> reads it.</param>
    public StreamScript<TIn, TOut> At(string time) => At(TestTime.At(time));

    /// <summary>Sets the timestamp of the records sent from here on. Records sent before any have none.</summary>
    public StreamScript<TIn, TOut> At(Timestamp time)
    {
        _at = time;
        return this;
    }

    /// <summary>Sends records.</summary>
    /// <exception cref="Exception">The function failed: names the operator and the record, with what it threw inside.</exception>
    public StreamScript<TIn, TOut> Send(params TIn[] records)
    {
        ArgumentNullException.ThrowIfNull(records);
        Run.Send(records, _at);
        return After(" after " + (records.Length == 1 ? $"{records[0]}" : $"{records.Length} records") + (_at.IsNone ? "" : $" at {TestTime.Show(_at)}"));
    }

    /// <summary>Advances event time: no record up to and including this time is expected any more.</summary>
    /// <param name="time">As <see cref="TestTime.At"/> reads it.</param>
    public StreamScript<TIn, TOut> WatermarkTo(string time) => WatermarkTo(TestTime.At(time));

    /// <summary>Advances event time: no record up to and including this time is expected any more.</summary>
    public StreamScript<TIn, TOut> WatermarkTo(Timestamp time)
    {
        Run.Advance(time);
        return After($" after the watermark {TestTime.Show(time)}");
    }

    /// <summary>Moves the clock on, from timer to timer. A deadline has passed once the clock shows more than the deadline.</summary>
    /// <param name="time">As <see cref="TestTime.At"/> reads it; not before the present.</param>
    public StreamScript<TIn, TOut> AdvanceTo(string time)
    {
        DateTimeOffset end = TestTime.At(time).ToDateTime();
        Run.AdvanceClock(end);
        return After($" after the clock moved to {time}");
    }

    /// <summary>Ends the input, as at the end of a file: event time goes to its end, the function gets its last calls and is closed.</summary>
    public StreamScript<TIn, TOut> End()
    {
        Run.End();
        return After(" after the end of input");
    }

    /// <summary>Checks that exactly these records were emitted since the last check, in this order.</summary>
    /// <exception cref="ExpectationException">Others were.</exception>
    public StreamScript<TIn, TOut> Expect(params TOut[] expected)
    {
        _output.Expect(expected);
        return this;
    }

    /// <summary>Checks that exactly these records were emitted since the last check, in any order.</summary>
    /// <exception cref="ExpectationException">Others were.</exception>
    public StreamScript<TIn, TOut> ExpectInAnyOrder(params TOut[] expected)
    {
        _output.ExpectInAnyOrder(expected);
        return this;
    }

    /// <summary>Checks that exactly these records were emitted since the last check, in this order, with these timestamps.</summary>
    /// <param name="expected">The timestamps, as <see cref="TestTime.At"/> reads them, and the records.</param>
    /// <exception cref="ExpectationException">Others were.</exception>
    public StreamScript<TIn, TOut> ExpectAt(params (string At, TOut Value)[] expected)
    {
        _output.ExpectAt(expected);
        return this;
    }

    /// <summary>Checks that nothing was emitted since the last check.</summary>
    /// <exception cref="ExpectationException">Something was.</exception>
    public StreamScript<TIn, TOut> ExpectNothing() => Expect();

    /// <summary>Checks that exactly these records were emitted to a side output since the last check of it, in this order.</summary>
    /// <param name="side">Named in <see cref="Collecting"/> before.</param>
    /// <param name="expected">The records.</param>
    /// <exception cref="ExpectationException">Others were.</exception>
    public StreamScript<TIn, TOut> ExpectSide<TSide>(SideOutput<TSide> side, params TSide[] expected)
    {
        ArgumentNullException.ThrowIfNull(side);
        if (!_sideOutputs.TryGetValue(side, out object? collected))
            throw new InvalidOperationException($"call .Collecting({side.Name}) before anything is sent");
        ((CollectedOutput<TSide>)collected).Expect(expected);
        return this;
    }

    /// <summary>Closes the function.</summary>
    public void Dispose() => _run?.Close();

    ScriptRun<TIn> Run => _run ??= new(Define, Time);

    void Define(DataStream<TIn> input)
    {
        DataStream<TOut> output = _define(input);
        output.Sink("output", _output);
        foreach (Action<DataStream<TOut>> side in _sides.Values) side(output);
    }

    StreamScript<TIn, TOut> After(string what)
    {
        _output.After = what;
        return this;
    }
}
