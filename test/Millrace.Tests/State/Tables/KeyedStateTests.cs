using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>Handles at their edges: no key, nulls, ends of lists, user functions that throw, names.</summary>
public sealed class KeyedStateTests
{
    readonly KeyedScope<string, StringKeyOps> _scope = new();

    public static TheoryData<string, Action<StateScope>> Uses => new()
    {
        { "value get", s => s.Value<int>("s").TryGet(out _) },
        { "value set", s => s.Value<int>("s").Set(1) },
        { "value clear", s => s.Value<int>("s").Clear() },
        { "list count", s => _ = s.List<int>("s").Count },
        { "list index", s => _ = s.List<int>("s")[0] },
        { "list add", s => s.List<int>("s").Add(1) },
        { "list set", s => s.List<int>("s").Set([]) },
        { "list clear", s => s.List<int>("s").Clear() },
        { "list copy", s => s.List<int>("s").ToArray() },
        { "map count", s => _ = s.Map<int, int>("s").Count },
        { "map get", s => s.Map<int, int>("s").TryGet(1, out _) },
        { "map set", s => s.Map<int, int>("s").Set(1, 1) },
        { "map remove", s => s.Map<int, int>("s").Remove(1) },
        { "map clear", s => s.Map<int, int>("s").Clear() },
        { "map copy", s => s.Map<int, int>("s").ToArray() },
        { "reducing add", s => s.Reducing<int>("s", Math.Max).Add(1) },
        { "reducing get", s => s.Reducing<int>("s", Math.Max).TryGet(out _) },
        { "reducing clear", s => s.Reducing<int>("s", Math.Max).Clear() },
        { "aggregating add", s => s.Aggregating("s", () => 0, (int a, int b) => a + b, a => a).Add(1) },
        { "aggregating get", s => s.Aggregating("s", () => 0, (int a, int b) => a + b, a => a).TryGet(out _) },
        { "aggregating clear", s => s.Aggregating("s", () => 0, (int a, int b) => a + b, a => a).Clear() },
        { "timer set", s => s.EventTimer("s").Set(default) },
        { "timer cancel", s => s.ProcessingTimer("s").Cancel() },
        { "timer get", s => s.EventTimer("s").TryGet(out _) },
        { "timer add", s => s.EventTimerSet("s").Add(default) },
        { "timer remove", s => s.ProcessingTimerSet("s").Remove(default) },
    };

    [Theory, MemberData(nameof(Uses), DisableDiscoveryEnumeration = true)]
    public void Handle_OutsideACall_SaysSo(string use, Action<StateScope> action)
    {
        foreach (StateScope scope in new StateScope[] { _scope.State, new DeclaringScope() })
        {
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => action(scope));
            Assert.True(error.Message.StartsWith("'s' is used outside a call", StringComparison.Ordinal), use);
        }
    }

    [Fact]
    public void Handle_AfterTheCall_SaysSo()
    {
        ValueState<int> value = _scope.State.Value<int>("v");
        _scope.On("a");
        value.Set(1);
        _scope.Leave();
        Assert.Throws<InvalidOperationException>(() => value.GetOr(0));
    }

    [Fact]
    public void Value_Null_IsNotAbsent()
    {
        ValueState<string?> value = _scope.State.Value<string?>("v");
        _scope.On("a");
        Assert.False(value.HasValue);
        value.Set(null);
        Assert.True(value.TryGet(out string? got) && got is null);
        value.Clear();
        Assert.False(value.HasValue);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(255), InlineData(256), InlineData(257), InlineData(512), InlineData(1000)]
    public void List_OfAnyLength_EndsWhereItEnds(int count)
    {
        ListState<int> added = _scope.State.List<int>("added"), set = _scope.State.List<int>("set");
        _scope.On("a");
        for (int i = 0; i < count; i++) added.Add(i);
        set.Set([.. Enumerable.Range(0, count)]);
        foreach (ListState<int> list in new[] { added, set })
        {
            Assert.Equal(Enumerable.Range(0, count), Enumerable.Range(0, list.Count).Select(i => list[i]));
            Assert.Equal(Enumerable.Range(0, count), list.ToArray());
            Assert.Contains($"'{(list == added ? "added" : "set")}' has {count} elements", Assert.Throws<ArgumentOutOfRangeException>(() => list[count]).Message);
            Assert.Throws<ArgumentOutOfRangeException>(() => list[-1]);
            list.Add(count);
            Assert.Equal(count, list[count]);
            list.Clear();
            Assert.Equal(0, list.Count);
        }

        Assert.Equal((0, 0), ((TableListState<string, int, StringKeyOps>)added).RowCounts);
        Assert.Equal((0, 0), ((TableListState<string, int, StringKeyOps>)set).RowCounts);
    }

    [Fact]
    public void List_ManyKeys_AreApart()
    {
        ListState<string> list = _scope.State.List<string>("l");
        for (int round = 0; round < 300; round++)
        {
            for (int key = 0; key < 50; key++)
            {
                _scope.On($"{key}");
                list.Add($"{key}/{round}");
            }
        }

        _scope.On("7");
        list.Clear();
        _scope.On("8");
        Assert.Equal(Enumerable.Range(0, 300).Select(r => $"8/{r}"), list.ToArray());
        Assert.Equal((49, 49), ((TableListState<string, string, StringKeyOps>)list).RowCounts);
    }

    [Fact]
    public void Map_NullKey_IsRefusedByName()
    {
        MapState<string, int> map = _scope.State.Map<string, int>("visits");
        _scope.On("a");
        Assert.Contains("'visits'", Assert.Throws<ArgumentNullException>(() => map.Set(null!, 1)).Message);
        Assert.Throws<ArgumentNullException>(() => map.TryGet(null!, out _));
        Assert.Throws<ArgumentNullException>(() => map.Remove(null!));
    }

    [Fact]
    public void Map_OfAHundredThousandEntries_ListsAndClears()
    {
        MapState<string, int> map = _scope.State.Map<string, int>("m");
        _scope.On("a");
        for (int i = 0; i < 100_000; i++) map.Set($"{i}", i);
        _scope.On("b");
        map.Set("1", -1);
        _scope.On("a");
        for (int i = 0; i < 100_000; i += 2) Assert.True(map.Remove($"{i}"));
        Assert.Equal(50_000, map.Count);
        Assert.Equal(Enumerable.Range(0, 50_000).Select(i => (2 * i) + 1), map.ToArray().Select(e => e.Value));
        map.Clear();
        Assert.Empty(map.ToArray());
        Assert.Equal((1, 1), ((TableMapState<string, string, int, StringKeyOps, StringKeyOps>)map).RowCounts);
        _scope.On("b");
        Assert.Equal(-1, map.GetOr("1", 0));
    }

    [Fact]
    public void Map_OfAnUnsupportedKey_IsRefusedByName()
    {
        UnsupportedTypeException error = Assert.Throws<UnsupportedTypeException>(() => new DeclaringScope().Map<int[], int>("parts"));
        Assert.Contains("int[] cannot be a key of the map 'parts'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merging_FunctionThrows_ChangesNothing()
    {
        bool fails = false;
        ReducingState<int> sum = _scope.State.Reducing<int>("sum", (a, b) => fails ? throw new InvalidDataException() : a + b);
        AggregatingState<int, int> total = _scope.State.Aggregating("total", () => 0, (int a, int b) => fails ? throw new InvalidDataException() : a + b, a => a);
        _scope.On("a");
        sum.Add(1);
        total.Add(1);
        fails = true;
        Assert.Throws<InvalidDataException>(() => sum.Add(2));
        Assert.Throws<InvalidDataException>(() => total.Add(2));
        _scope.On("b");
        Assert.Throws<InvalidDataException>(() => total.Add(2));
        Assert.False(total.TryGet(out _));
        _scope.On("a");
        Assert.True(sum.TryGet(out int s) && s == 1 && total.TryGet(out int t) && t == 1);
    }

    [Fact]
    public void Reduce_ThatUsesTheState_LosesNothing()
    {
        ReducingState<int>? state = null;
        state = _scope.State.Reducing<int>("sum", (a, b) =>
        {
            // Not allowed, but no reason to lose an update: the table grows meanwhile.
            for (int i = 0; i < 100; i++)
            {
                _scope.On($"other {i}");
                state!.Clear();
                state.Add(i);
            }

            return a + b;
        });
        _scope.On("a");
        state.Add(1);
        state.Add(2);
        _scope.On("a");
        Assert.True(state.TryGet(out int sum));
        Assert.Equal(3, sum);
    }
}
