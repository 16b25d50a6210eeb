using Millrace.State.Codecs;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A type of state in two versions of a program: kept as a value, in a list and in a map.</summary>
abstract class EvolvingState(string name, string[] told)
{
    public string Name => name;

    /// <summary>What a plan says of it.</summary>
    public IReadOnlyList<string> Told => told;

    /// <summary>Declares it as the first version does.</summary>
    /// <returns>Sets it for a number.</returns>
    public abstract Action<int> Before(StateScope state);

    /// <summary>Declares it as the second version does.</summary>
    /// <returns>What there is for a number, in words; null for what is expected.</returns>
    public abstract Func<int, string?> After(StateScope state);
}

/// <param name="name">What changes.</param>
/// <param name="write">What the first version keeps of a number.</param>
/// <param name="expected">What the second is to find.</param>
/// <param name="told">Parts of what a plan says.</param>
sealed class EvolvingState<TOld, TNew>(string name, Func<int, TOld> write, Func<int, TNew> expected, params string[] told) : EvolvingState(name, told)
{
    public override Action<int> Before(StateScope state)
    {
        ValueState<TOld> value = state.Value<TOld>(Name);
        ListState<TOld> list = state.List<TOld>($"{Name} in a list");
        MapState<int, TOld> map = state.Map<int, TOld>($"{Name} in a map");
        return n =>
        {
            value.Set(write(n));
            list.Add(write(n));
            list.Add(write(n + 1));
            map.Set(n, write(n));
        };
    }

    public override Func<int, string?> After(StateScope state)
    {
        ValueState<TNew> value = state.Value<TNew>(Name);
        ListState<TNew> list = state.List<TNew>($"{Name} in a list");
        MapState<int, TNew> map = state.Map<int, TNew>($"{Name} in a map");
        return n =>
        {
            string wanted = Text(expected(n));
            string[] found =
            [
                value.TryGet(out TNew? one) ? Text(one) : "no value", .. list.ToArray().Select(Text), map.TryGet(n, out TNew? entry) ? Text(entry) : "no entry",
            ];
            return found.SequenceEqual([wanted, wanted, Text(expected(n + 1)), wanted]) ? null : $"{string.Join(" ", found)} instead of {wanted}";
        };
    }

    // Its bytes: they are equal when values are.
    static string Text(TNew? value) => Convert.ToHexString(Codec.Of<TNew>().Encode(value!));
}

/// <summary>A type of keys in two versions of a program.</summary>
abstract class EvolvingKey(string id, string[] told)
{
    public string Id => id;

    /// <summary>What a plan says of it.</summary>
    public IReadOnlyList<string> Told => told;

    public abstract DataStream<string> Before(DataStream<int> numbers);

    public abstract DataStream<string> After(DataStream<int> numbers);
}

/// <param name="id">What changes.</param>
/// <param name="old">The key of a number in the first version.</param>
/// <param name="now">That in the second.</param>
/// <param name="told">Parts of what a plan says.</param>
sealed class EvolvingKey<TOld, TNew>(string id, Func<int, TOld> old, Func<int, TNew> now, params string[] told) : EvolvingKey(id, told)
    where TOld : notnull
    where TNew : notnull
{
    public override DataStream<string> Before(DataStream<int> numbers) => numbers.KeyBy(old).Process(Id, state => new Counter<TOld>(Id, state));

    public override DataStream<string> After(DataStream<int> numbers) => numbers.KeyBy(now).Process(Id, state => new Counter<TNew>(Id, state));

    sealed class Counter<TKey>(string id, StateScope state) : IKeyedProcess<TKey, int, string>
        where TKey : notnull
    {
        readonly ValueState<int> _count = state.Value<int>("count");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _count.Set((_count.TryGet(out int count) ? count : 0) + 1);
            output.Emit($"{id}: {record.Value} is number {count + 1}");
        }
    }
}
