using System.Numerics;
using System.Reflection;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Every change of <c>docs/evolution.md</c> in a plan and in a start of it, at another parallelism; what does not fit is refused before anything changes.</summary>
public sealed class EvolutionStartTests
{
    const int Keys = 5, Records = 140, Until = 70;

    static readonly EvolvingState[] s_numbers = [.. NumberPairs(isExact: true)], s_otherNumbers = [.. NumberPairs(isExact: false)];

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    public async Task Start_WithEveryChangeOfTypes_ReadsWhatWasWritten(int before, int after) => await AssertReadAsync(EvolvingTypes.Read, before, after);

    [Fact]
    public async Task Start_WithEveryPairOfNumbers_ReadsWhatWasWritten()
    {
        Assert.InRange(s_numbers.Length, 60, 200);
        await AssertReadAsync(s_numbers, 2, 3);
    }

    [Fact]
    public async Task Start_WithTypesThatDoNotFit_IsRefusedByPlanAndStart() => await AssertRefusedAsync(EvolvingTypes.Refused, static s => s.Name);

    [Fact]
    public async Task Start_WithNumbersThatDoNotFit_IsRefusedByPlanAndStart() => await AssertRefusedAsync(s_otherNumbers, static s => s.Name);

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    public async Task Start_WithEveryChangeOfKeys_FindsTheirRows(int before, int after)
    {
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(_store, KeysFlow(source, static (key, numbers) => key.Before(numbers)), before, source);
        Dataflow next = KeysFlow(new(Records, -1), static (key, numbers) => key.After(numbers));
        AssertTold(await StoredJob.PlanAsync(_store, next), [.. EvolvingTypes.Keys.Select(static k => (k.Id, "count", k.Told))], StateFate.Changed);

        Assert.Equal(JobEnding.Finished, (await StoredJob.Start(_store, next, after, new StartFrom.LatestSavepoint()).Completion).Ending);
        IEnumerable<string> expected = from key in EvolvingTypes.Keys from n in Enumerable.Range(0, Records) let among = key.Id == "enumeration" ? 2 : 7 select $"{key.Id}: {n} is number {(n / among) + 1}";
        Assert.Equal(expected.Order(StringComparer.Ordinal), _table.Visible);
    }

    [Fact]
    public async Task Start_WithKeysThatWouldBeElsewhere_IsRefusedByPlanAndStart()
    {
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(_store, RefusedKeysFlow(source, static (key, numbers) => key.Before(numbers)), 2, source);
        Dataflow next = RefusedKeysFlow(new(Records, -1), static (key, numbers) => key.After(numbers));
        await AssertRefusedAsync(next, [.. EvolvingTypes.RefusedKeys.Select(static k => (k.Id, "count", k.Told))]);
    }

    /// <summary>The job is at work in another process, which a start would take over from.</summary>
    [Fact]
    public async Task Start_OfAVersionThatDoesNotFit_LeavesTheRunningJobAlone()
    {
        HeldSource source = new(Records, Until);
        DurableJob running = StoredJob.Start(_store, Flow(source, static scope => new Before(scope, EvolvingTypes.Refused)), 2, new StartFrom.Unsaid());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await running.CheckpointAsync());
        string[] keys = [.. _store.Keys];

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            StoredJob.Start(_store, Flow(new(Records, -1), static scope => new After(scope, EvolvingTypes.Refused)), 2, new StartFrom.Unsaid()).Completion);

        Assert.Contains("states/narrowed: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(keys, _store.Keys);
        Assert.IsType<CheckpointAnswer.Taken>(await running.CheckpointAsync());
        source.Release();
        Assert.Equal(JobEnding.Finished, (await running.Completion).Ending);
    }

    async Task AssertReadAsync(EvolvingState[] states, int before, int after)
    {
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(_store, Flow(source, scope => new Before(scope, states)), before, source);
        Dataflow next = Flow(new(Records, -1), scope => new After(scope, states));
        AssertTold(await StoredJob.PlanAsync(_store, next), [.. Lines(states)], StateFate.Changed);

        Assert.Equal(JobEnding.Finished, (await StoredJob.Start(_store, next, after, new StartFrom.LatestSavepoint()).Completion).Ending);
        Assert.Equal((from key in Enumerable.Range(0, Keys) from state in states select $"{key} {state.Name}: as expected").Order(StringComparer.Ordinal), _table.Visible);
    }

    async Task AssertRefusedAsync(EvolvingState[] states, Func<EvolvingState, string> nameOf)
    {
        Assert.Equal(states.Length, states.DistinctBy(nameOf).Count());
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(_store, Flow(source, scope => new Before(scope, states)), 2, source);
        await AssertRefusedAsync(Flow(new(Records, -1), scope => new After(scope, states)), [.. Lines(states)]);
    }

    /// <summary>Plan and start name every state with what is wrong and the cure, and nothing is written.</summary>
    async Task AssertRefusedAsync(Dataflow next, (string Operator, string State, IReadOnlyList<string> Told)[] lines)
    {
        string[] keys = [.. _store.Keys];
        StartPlan plan = await StoredJob.PlanAsync(_store, next);
        Assert.False(plan.CanStart);
        AssertTold(plan, lines, StateFate.Incompatible);
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => StoredJob.Start(_store, next, 2, new StartFrom.LatestSavepoint()).Completion);
        foreach ((string op, string state, IReadOnlyList<string> told) in lines)
        {
            string line = Assert.Single(refused.Message.Split('\n'), l => l.Contains($"{op}/{state}: ", StringComparison.Ordinal));
            Assert.All(told, part => Assert.Contains(part, line, StringComparison.Ordinal));
            Assert.Contains($"or give the state up with --drop-state {op}/{state}", line, StringComparison.Ordinal);
        }

        Assert.Equal(keys, _store.Keys);
    }

    static void AssertTold(StartPlan plan, (string Operator, string State, IReadOnlyList<string> Told)[] lines, StateFate fate)
    {
        foreach ((string op, string state, IReadOnlyList<string> told) in lines)
        {
            UpgradeLine line = Assert.Single(plan.Lines, l => l.Operator == op && l.State == state);
            // Another name of a type alone changes nothing about what is read.
            bool isSame = fate == StateFate.Changed && state.StartsWith("renamed type", StringComparison.Ordinal) && line.Fate == StateFate.Matched;
            Assert.True(fate == line.Fate || isSame, $"{op}/{state} is {line.Fate}: {line.Why}");
            Assert.All(told, part => Assert.Contains(part, line.Why, StringComparison.Ordinal));
        }
    }

    // What is kept in a list or map changes likewise, below its own name.
    static IEnumerable<(string, string, IReadOnlyList<string>)> Lines(EvolvingState[] states) =>
        states.SelectMany(static s => ((string, string, IReadOnlyList<string>)[])[("states", s.Name, s.Told), ("states", $"{s.Name} in a list", []), ("states", $"{s.Name} in a map", [])]);

    Dataflow Flow(HeldSource source, Func<StateScope, IKeyedProcess<int, int, string>> function)
    {
        Dataflow flow = new("evolution");
        flow.Source("numbers", source).WithParallelism(1).KeyBy(static n => n % Keys).Process("states", function).Sink("out", new ModelSink(_table));
        return flow;
    }

    Dataflow KeysFlow(HeldSource source, Func<EvolvingKey, DataStream<int>, DataStream<string>> of) => KeysFlow(source, EvolvingTypes.Keys, of);

    Dataflow RefusedKeysFlow(HeldSource source, Func<EvolvingKey, DataStream<int>, DataStream<string>> of) => KeysFlow(source, EvolvingTypes.RefusedKeys, of);

    Dataflow KeysFlow(HeldSource source, EvolvingKey[] keys, Func<EvolvingKey, DataStream<int>, DataStream<string>> of)
    {
        Dataflow flow = new("evolution");
        DataStream<int> numbers = flow.Source("numbers", source).WithParallelism(1);
        DataStream<string>[] streams = [.. keys.Select(key => of(key, numbers))];
        streams[0].Union(streams[1..]).Sink("out", new ModelSink(_table));
        return flow;
    }

    /// <summary>Every two numbers of which one holds, or does not hold, all values of the other: found out by conversion, not by the engine's own rule.</summary>
    static IEnumerable<EvolvingState> NumberPairs(bool isExact)
    {
        Type[] all = [typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(Int128), typeof(UInt128), typeof(Half), typeof(float), typeof(double), typeof(decimal), typeof(BigInteger)];
        MethodInfo of = typeof(EvolutionStartTests).GetMethod(nameof(NumberPair), BindingFlags.NonPublic | BindingFlags.Static)!;
        foreach (Type from in all.Where(static t => t != typeof(BigInteger)))
            foreach (Type to in all.Where(t => t != from))
                if (of.MakeGenericMethod(from, to).Invoke(null, [isExact]) is EvolvingState pair) yield return pair;
    }

    static EvolvingState? NumberPair<TFrom, TTo>(bool isExact)
        where TFrom : struct, INumber<TFrom>, IMinMaxValue<TFrom>
        where TTo : struct, INumber<TTo>
    {
        // Up to 128 bits, with all of them set below the highest, and fractions where there are some.
        TFrom[] values = [TFrom.MinValue, TFrom.MaxValue, TFrom.Zero, TFrom.One, .. Enumerable.Range(1, 127).Select(static bits => (BigInteger.One << bits) - 1).Where(static n => Fits<TFrom>(n)).Select(TFrom.CreateChecked)];
        TFrom half = TFrom.One / TFrom.CreateChecked(2);
        if (half != TFrom.Zero) values = [.. values, half];
        if (values[0] is Half or float or double) values = [.. values, TFrom.CreateChecked(double.NaN), TFrom.CreateChecked(double.PositiveInfinity)];
        if (values.All(static v => Holds<TFrom, TTo>(v)) != isExact) return null;
        string name = $"{typeof(TFrom).Name} to {typeof(TTo).Name}";
        return new EvolvingState<TFrom, TTo>(name, n => values[n % values.Length], n => TTo.CreateChecked(values[n % values.Length]), isExact ? ["widened from"] : ["declare it as"]);
    }

    static bool Fits<T>(BigInteger number)
        where T : struct, INumber<T>
    {
        try
        {
            return BigInteger.CreateChecked(T.CreateChecked(number)) == number;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    static bool Holds<TFrom, TTo>(TFrom value)
        where TFrom : struct, INumber<TFrom>
        where TTo : struct, INumber<TTo>
    {
        try
        {
            return TFrom.CreateChecked(TTo.CreateChecked(value)).Equals(value) && (TTo.CreateChecked(value) != TTo.Zero || value == TFrom.Zero);
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    sealed class Before : IKeyedProcess<int, int, string>
    {
        readonly Action<int>[] _states;

        public Before(StateScope scope, EvolvingState[] states) => _states = [.. states.Select(s => s.Before(scope))];

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            if (record.Value >= Keys) return;
            foreach (Action<int> state in _states) state(record.Value);
        }
    }

    sealed class After : IKeyedProcess<int, int, string>
    {
        readonly EvolvingState[] _declared;
        readonly Func<int, string?>[] _states;

        public After(StateScope scope, EvolvingState[] states)
        {
            _declared = states;
            _states = [.. states.Select(s => s.After(scope))];
        }

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            int key = record.Value % Keys;
            if (record.Value < Records - Keys) return;
            for (int i = 0; i < _states.Length; i++) output.Emit($"{key} {_declared[i].Name}: {_states[i](key) ?? "as expected"}");
        }
    }
}
