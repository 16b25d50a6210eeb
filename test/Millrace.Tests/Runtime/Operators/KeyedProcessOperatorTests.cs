using Millrace.Engine;
using Millrace.Runtime;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.State;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>The operator around a keyed function: keys, order, stopping and going on, failures, memory.</summary>
public sealed class KeyedProcessOperatorTests
{
    [Theory, InlineData(1), InlineData(3), InlineData(64), InlineData(5_000)]
    public void Records_AnyRoom_AreCountedPerKeyInOrder(int room)
    {
        KeyedProcessDriver<long, long, (long Key, int Count)> driver = new(static value => value % 10, static scope => new Counting(scope), room);
        for (int batch = 0; batch < 5; batch++)
            driver.Send([.. Enumerable.Range(0, 300).Select(i => ((long)i, new Timestamp((batch * 300) + i)))]);
        Assert.True(driver.Outputs.SequenceEqual(Enumerable.Range(0, 1_500).Select(i => (((long)(i % 10), ((i / 300) * 30) + (i % 300 / 10) + 1), new Timestamp(i)))));
    }

    [Theory, InlineData(1), InlineData(3), InlineData(1_024)]
    public void TimerStorm_OfAHundredThousand_StopsWhenFullAndGoesOn(int room)
    {
        const int timers = 100_000;
        KeyedProcessDriver<int, Act, string> driver = new(static act => act.Key, static scope => new ActedProcess(scope), room);
        driver.Send([.. Enumerable.Range(0, timers).Select(i => (new Act(i, f => f.One.Set(new(timers - i))), Timestamp.UnixEpoch))]);
        Assert.Empty(driver.Outputs);
        int before = driver.Calls;
        driver.Watermark(new(timers));
        Assert.True(driver.Outputs.SequenceEqual(Enumerable.Range(1, timers).Select(at => ($"one {timers - at} {at}", new Timestamp(at)))));
        Assert.InRange(driver.Calls - before, timers / room, (timers / room) + 1);
        Assert.Equal(0, driver.OverdraftTotal);
    }

    [Fact]
    public void Timers_ThatEmitNothing_StillLetTheTaskGoOn()
    {
        KeyedProcessDriver<int, int, string> driver = new(static key => key, static scope => new Silent(scope));
        driver.Send([.. Enumerable.Range(0, 10_000).Select(i => (i, Timestamp.UnixEpoch))]);
        int before = driver.Calls;
        driver.Watermark(new(10));
        Assert.Equal((10_000 / Limits.TimersPerCall) + 1, driver.Calls - before);
    }

    [Fact]
    public void OneCall_ThatEmitsMoreThanFits_IsOneCall()
    {
        KeyedProcessDriver<int, int, int> driver = new(static key => key, static _ => new Exploding(), room: 3);
        driver.Send((1, default), (2, default));
        Assert.Equal([.. Enumerable.Repeat(1, 10), .. Enumerable.Repeat(2, 10)], driver.Outputs.Select(o => o.Value));
        Assert.True(driver.OverdraftTotal >= 14);
    }

    [Theory, InlineData(1), InlineData(64)]
    public void OnRecord_Throws_PositionIsTheRecord(int room)
    {
        KeyedProcessDriver<int, Act, string> driver = new(static act => act.Key, static scope => new ActedProcess(scope), room);
        Action<ActedProcess> fine = f => f.Count.Set(f.Count.GetOr(0) + 1), fails = _ => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(() => driver.Send([.. Enumerable.Range(0, 300).Select(i => (new Act(i, i == 200 ? fails : fine), default(Timestamp)))]));
        Assert.Equal(200, driver.Position);
        Assert.Throws<InvalidOperationException>(() => ((ActedProcess)driver.Operator.Function!).Count.GetOr(0));
    }

    [Fact]
    public void OnTimer_Throws_StateIsClosed()
    {
        KeyedProcessDriver<int, Act, string> driver = new(static act => act.Key, static scope => new ActedProcess(scope));
        driver.Send((new Act(1, f => f.One.Set(new(1))), default));
        var function = (ActedProcess)driver.Operator.Function!;
        function.Fires = (_, _) => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(() => driver.Watermark(new(1)));
        Assert.Throws<InvalidOperationException>(() => function.One.Cancel());
    }

    [Fact]
    public void Key_NullOrThrowing_PositionIsTheRecord()
    {
        KeyedProcessDriver<string, string?, int> driver = new(static text => text!, static _ => new Nothing());
        Assert.Contains(".Where(", Assert.Throws<NullKeyException>(() => driver.Send(("a", default), ("b", default), (null, default))).Message);
        Assert.Equal(2, driver.Position);
        driver = new(static text => text!.Trim(), static _ => new Nothing());
        Assert.Throws<NullReferenceException>(() => driver.Send(("a", default), (null, default)));
        Assert.Equal(1, driver.Position);
    }

    [Fact]
    public void Factory_ReturnsNullOrUsesState_IsRefused()
    {
        KeyedProcessDriver<string, string?, int> driver = new(static text => text!, static _ => null!);
        Assert.Contains("returned null", Assert.Throws<InvalidOperationException>(() => driver.Operator).Message);
        driver = new(static text => text!, static scope =>
        {
            scope.Value<int>("v").Set(1);
            return new Nothing();
        });
        Assert.Contains("'v' is used outside a call", Assert.Throws<InvalidOperationException>(() => driver.Operator).Message);
    }

    [Fact]
    public void Declare_InACall_IsRefused()
    {
        KeyedProcessDriver<int, Act, string> driver = new(static act => act.Key, static scope => new ActedProcess(scope));
        Assert.Throws<InvalidOperationException>(() => driver.Send((new Act(1, f => f.Scope.Value<int>("late")), default)));
    }

    [Fact]
    public void SteadyState_ValuesAndTimersMovedPerRecord_AllocatesNothing()
    {
        const int keys = 20_000, rounds = 20;
        KeyedProcessOperator<long, long, (long, int), Int64KeyOps> op = new(static value => value, static scope => new Sessions(scope), static () => default);
        Batch<long> batch = new(1_000, hasTimestamps: true) { Count = 1_000 };
        OutputBuffer<(long, int)> buffer = new();
        (long, int)[] values = new (long, int)[1_024];
        Timestamp[] timestamps = new Timestamp[1_024];
        long allocated = 0;
        int fired = 0;
        for (int round = 0; round < rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int start = 0; start < keys; start += batch.Count)
            {
                for (int i = 0; i < batch.Count; i++) (batch.Values[i], batch.Timestamps[i]) = (start + i, new((round * 100) + (i % 10)));
                buffer.Bind(values, timestamps, 0, values.Length);
                int position = 0;
                op.Process(batch, ref position, buffer);
                while (!op.OnWatermark(new((round * 100) - 50), buffer)) buffer.Count = 0;
                fired += buffer.Count;
            }

            if (round >= 4) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
        Assert.True(fired > 0 && buffer.OverdraftTotal == 0);
    }

    sealed class Counting(StateScope scope) : IKeyedProcess<long, long, (long Key, int Count)>
    {
        readonly ValueState<int> _count = scope.Value<int>("count");

        public void OnRecord(in Record<long> record, Output<(long Key, int Count)> output)
        {
            int count = _count.GetOr(0) + 1;
            _count.Set(count);
            output.Emit((record.Value % 10, count));
        }
    }

    /// <summary>Moves a timer with each record; every tenth key's fires for good, and is set anew by its next record.</summary>
    sealed class Sessions(StateScope scope) : IKeyedProcess<long, long, (long, int)>
    {
        readonly ValueState<int> _count = scope.Value<int>("count");
        readonly EventTimer _idle = scope.EventTimer("idle");
        readonly EventTimerSet _marks = scope.EventTimerSet("marks");

        public void OnRecord(in Record<long> record, Output<(long, int)> output)
        {
            _count.Set(_count.GetOr(0) + 1);
            _idle.Set(record.Timestamp + TimeSpan.FromTicks(record.Value % 10 == 0 ? 20 : 1_000));
            if (record.Value % 50 == 0) _marks.Add(record.Timestamp);
        }

        public void OnTimer(in Firing<long> firing, Output<(long, int)> output) => output.Emit((firing.Key, _count.GetOr(0)));
    }

    sealed class Silent(StateScope scope) : IKeyedProcess<int, int, string>
    {
        readonly EventTimer _timer = scope.EventTimer("t");

        public void OnRecord(in Record<int> record, Output<string> output) => _timer.Set(new(1));
    }

    sealed class Exploding : IKeyedProcess<int, int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output)
        {
            for (int i = 0; i < 10; i++) output.Emit(record.Value);
        }
    }

    sealed class Nothing : IKeyedProcess<string, string?, int>
    {
        public void OnRecord(in Record<string?> record, Output<int> output) => output.Emit(1);
    }
}
