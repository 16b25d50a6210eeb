using FsCheck;
using FsCheck.Fluent;
using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>Each kind of state behaves like a dictionary of the collection of the runtime it stands for, whatever is done to it.</summary>
public sealed class StateModelTests
{
    static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(400);

    [Fact]
    public void Value_AnyCommands_IsADictionary() => Check(numbers => RunValue<Int32KeyOps>(numbers) && RunValue<CollidingOps>(numbers));

    [Fact]
    public void List_AnyCommands_IsADictionaryOfLists() => Check(numbers => RunList<Int32KeyOps>(numbers) && RunList<CollidingOps>(numbers));

    [Fact]
    public void Map_AnyCommands_IsADictionaryOfOrderedMaps() => Check(numbers => RunMap<Int32KeyOps>(numbers) && RunMap<CollidingOps>(numbers));

    [Fact]
    public void ReducingAndAggregating_AnyCommands_AreDictionaries() => Check(RunMerging);

    static void Check(Func<int[], bool> property) => FsCheck.Check.One(s_config, Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), property));

    static bool RunValue<TOps>(int[] numbers) where TOps : struct, IKeyOps<int>
    {
        KeyedScope<int, TOps> scope = new();
        var state = (TableValueState<int, string?, TOps>)scope.State.Value<string?>("value");
        Dictionary<int, string?> model = [];
        foreach ((int key, int verb, int value) in Commands.Read(numbers, keys: 20, verbs: 5))
        {
            scope.On(key);
            switch (verb)
            {
                case 0: state.Clear(); model.Remove(key); break;
                case 1: state.Set(null); model[key] = null; break;
                case 2: Assert.Equal(model.Remove(key, out string? taken), state.TryTake(out string? took)); Assert.Equal(taken, took); break;
                default: state.Set($"{value}"); model[key] = $"{value}"; break;
            }

            Assert.Equal(model.TryGetValue(key, out string? expected), state.TryGet(out string? actual));
            Assert.Equal(expected, actual);
            Assert.Equal(expected ?? (model.ContainsKey(key) ? null : "none"), state.GetOr("none"));
        }

        Assert.Equal(model.Count, state.RowCount);
        Assert.Equal(model.OrderBy(p => p.Key), state.Rows().Select(r => KeyValuePair.Create(r.Key, r.Value)).OrderBy(p => p.Key));
        Assert.All(state.Rows(), row => Assert.Equal(default(TOps).Hash(row.Key), row.Hash));
        return true;
    }

    static bool RunList<TOps>(int[] numbers) where TOps : struct, IKeyOps<int>
    {
        KeyedScope<int, TOps> scope = new();
        var state = (TableListState<int, int, TOps>)scope.State.List<int>("list");
        Dictionary<int, List<int>> model = [];
        foreach ((int key, int verb, int value) in Commands.Read(numbers, keys: 5, verbs: 24))
        {
            scope.On(key);
            List<int> list = model.TryGetValue(key, out List<int>? known) ? known : model[key] = [];
            switch (verb)
            {
                case 0: state.Clear(); list.Clear(); break;
                case 1:
                    int[] values = [.. Enumerable.Range(0, value % 700)];
                    state.Set(values);
                    list.Clear();
                    list.AddRange(values);
                    break;
                case 2 or 3:
                    for (int more = value % 400; more > 0; more--) { state.Add(more); list.Add(more); }
                    break;
                default: state.Add(value); list.Add(value); break;
            }

            Assert.Equal(list.Count, state.Count);
            if (list.Count > 0) Assert.Equal(list[value % list.Count], state[value % list.Count]);
            if (verb < 8) Assert.True(list.SequenceEqual(state.ToArray()));
        }

        Assert.Equal(model.Where(p => p.Value.Count > 0).OrderBy(p => p.Key).SelectMany(p => p.Value.Prepend(p.Key)),
            state.Rows().OrderBy(r => r.Key).SelectMany(r => r.Values.Prepend(r.Key)));
        Assert.Equal((model.Count(p => p.Value.Count > 0), model.Sum(p => p.Value.Count / TableLimits.ListChunkElements)), state.RowCounts);
        return true;
    }

    static bool RunMap<TOps>(int[] numbers) where TOps : struct, IKeyOps<int>
    {
        KeyedScope<int, TOps> scope = new();
        var state = (TableMapState<int, int, int, TOps, Int32KeyOps>)scope.State.Map<int, int>("map");
        // The runtime's dictionary keeps no order once something was removed: a list does.
        Dictionary<int, List<KeyValuePair<int, int>>> model = [];
        foreach ((int key, int verb, int value) in Commands.Read(numbers, keys: 4, verbs: 16))
        {
            scope.On(key);
            List<KeyValuePair<int, int>> map = model.TryGetValue(key, out var known) ? known : model[key] = [];
            int mapKey = value % 23;
            int at = map.FindIndex(p => p.Key == mapKey);
            switch (verb)
            {
                case 0: state.Clear(); map.Clear(); break;
                case < 6:
                    Assert.Equal(at >= 0, state.Remove(mapKey));
                    if (at >= 0) map.RemoveAt(at);
                    break;
                default:
                    state.Set(mapKey, value);
                    if (at >= 0) map[at] = new(mapKey, value);
                    else map.Add(new(mapKey, value));
                    break;
            }

            Assert.Equal(map.Count, state.Count);
            Assert.True(map.SequenceEqual(state.ToArray()));
            Assert.Equal(map.Any(p => p.Key == 3), state.ContainsKey(3));
            Assert.Equal(map.Where(p => p.Key == mapKey).Select(p => p.Value).FirstOrDefault(-1), state.GetOr(mapKey, -1));
        }

        Assert.Equal((model.Count(p => p.Value.Count > 0), model.Sum(p => p.Value.Count)), state.RowCounts);
        Assert.Equal(model.OrderBy(p => p.Key).SelectMany(p => p.Value.Select(e => (p.Key, e.Key, e.Value))),
            state.Rows().OrderBy(r => r.Key).ThenBy(r => r.Order).Select(r => (r.Key, r.MapKey, r.Value)));
        Assert.All(state.Rows(), row => Assert.Equal(default(TOps).Hash(row.Key), row.Hash));
        return true;
    }

    static bool RunMerging(int[] numbers)
    {
        KeyedScope<int, Int32KeyOps> scope = new();
        ReducingState<int> largest = scope.State.Reducing<int>("largest", Math.Max);
        AggregatingState<int, double> mean = scope.State.Aggregating<int, (long Sum, int Count), double>(
            "mean", () => (0, 0), (a, v) => (a.Sum + v, a.Count + 1), a => (double)a.Sum / a.Count);
        Dictionary<int, List<int>> model = [];
        foreach ((int key, int verb, int value) in Commands.Read(numbers, keys: 20, verbs: 6))
        {
            scope.On(key);
            if (verb == 0)
            {
                largest.Clear();
                mean.Clear();
                model.Remove(key);
            }
            else
            {
                largest.Add(value);
                mean.Add(value);
                if (!model.TryAdd(key, [value])) model[key].Add(value);
            }

            Assert.Equal(model.TryGetValue(key, out List<int>? values), largest.TryGet(out int max));
            Assert.Equal(values is not null, mean.TryGet(out double average));
            Assert.Equal((values?.Max() ?? 0, values?.Average() ?? 0), (max, average));
        }

        return true;
    }
}
