using System.Globalization;
using Millrace.State.Offline;
using static Millrace.Tests.Runtime.Durable.BooksJob;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Jobs that start from savepoints which no job took, whose state is of an earlier form than their program's.</summary>
public sealed class OfflineEvolutionTests
{
    const int Keys = 7, Until = 400, Records = 600;

    readonly OfflineStart _offline = new();

    static class First
    {
        internal sealed record Total(string Numbers);

        public static readonly TotalForm<Total> Form = new(static () => new(""), static (t, n) => new($"{t.Numbers} {n}"), static t => t.Numbers);
    }

    internal sealed record TotalV1(string Numbers);

    internal sealed record TotalV2(int[] Numbers) : IUpgrade<TotalV2, TotalV1>
    {
        public static TotalV2 Upgrade(TotalV1 old) => new([.. old.Numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static n => int.Parse(n, CultureInfo.InvariantCulture))]);
    }

    internal sealed record TotalV3(long Sum, int Count) : IUpgrade<TotalV3, TotalV2>
    {
        public static TotalV3 Upgrade(TotalV2 old) => new(old.Numbers.Sum(static n => (long)n), old.Numbers.Length);
    }

    internal sealed record Total(decimal Sum, int Count, string By) : IUpgrade<Total, TotalV3>
    {
        public static readonly TotalForm<Total> Form = new(static () => new(0, 0, "new"), static (t, n) => t with { Sum = t.Sum + n, Count = t.Count + 1 }, static t => $"{t.Sum}/{t.Count}/{t.By}");

        public static Total Upgrade(TotalV3 old) => new(old.Sum, old.Count, "upgraded");
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_OfStateThreeFormsOld_IsUpgradedWhenItIsRead(int before, int after)
    {
        await using StateSnapshot taken = await _offline.TakeAsync(source => Flow(source, _offline.Table, KeyOf, First.Form), Until, Records, before);
        await _offline.WriteAsync("copy", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", "ledgers");
        });

        await _offline.RunAsync("copy", source => Flow(source, _offline.Table, KeyOf, Total.Form, "ledgers"), Records, after);

        Assert.Equal(Told(Enumerable.Range(0, Records), "upgraded"), _offline.Answer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Bootstrap_OfAnyOfTheForms_IsUpgradedWhenItIsRead(int parallelism)
    {
        foreach ((string name, Func<SavepointBuilder, IAsyncEnumerable<int>, Task> add) in new (string, Func<SavepointBuilder, IAsyncEnumerable<int>, Task>)[]
        {
            ("v1", static (s, keys) => Add(s, keys, static k => new TotalV1($"{k} 100"))), ("v2", static (s, keys) => Add(s, keys, static k => new TotalV2([k, 100]))),
            ("v3", static (s, keys) => Add(s, keys, static k => new TotalV3(k + 100, 2))),
        })
        {
            OfflineStart offline = new();
            await offline.WriteAsync(name, savepoint => add(savepoint, AsyncEnumerable.Range(0, Keys)));
            await offline.RunAsync(name, source => Flow(source, offline.Table, static n => n % Keys, Total.Form), Records, parallelism);
            string[] lines = [.. offline.Answer.Where(static l => !l.Contains("mark", StringComparison.Ordinal)).Select(static l => l[..l.IndexOf(';', StringComparison.Ordinal)])];
            Assert.Equal(Enumerable.Range(0, Keys).Select(static k => $"{k}: {Own(k).Sum() + k + 100}/{Own(k).Count() + 2}/upgraded"), lines);
        }

        static Task Add<T>(SavepointBuilder savepoint, IAsyncEnumerable<int> keys, Func<int, T> of) => savepoint.AddValuesAsync("books", "total", keys.Select(k => new KeyValue<int, T>(k, of(k)))).AsTask();
        static IEnumerable<int> Own(int key) => Enumerable.Range(0, Records).Where(n => n % Keys == key);
    }

    /// <summary>State of every kind of a function, windows, lists of operators and positions of a source are copied as they were written, and read by a program with other types.</summary>
    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    public async Task Copy_OfEveryKindOfState_IsReadAsTheTypesOfTheNextVersion(int before, int after)
    {
        ModelTable table = new();
        await using StateSnapshot taken = await _offline.TakeAsync(source => EvolvingJob.FlowBefore(source, table), 450, 900, before);
        await _offline.WriteAsync("copy", async savepoint =>
        {
            foreach (string id in taken.Manifest.Operators.Where(static o => o.States.Count > 0).Select(static o => o.Id)) await savepoint.CopyOperatorAsync(taken, id);
        });

        await _offline.RunAsync("copy", source => EvolvingJob.FlowAfter(source, table), 900, after);

        Assert.Equal(EvolvingJob.Answer(900), table.Visible.Where(static l => !l.StartsWith("split", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, 900).Select(static n => $"split {n} 3").Order(StringComparer.Ordinal), table.Visible.Where(static l => l.StartsWith("split", StringComparison.Ordinal)));
    }

    /// <summary>Windows that are open are given other keys and other accumulators on the way.</summary>
    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    public async Task Copy_OfReKeyedWindows_GoesOnWithThem(int before, int after)
    {
        await using StateSnapshot taken = await _offline.TakeAsync(source => WindowFlow(source, _offline.Table, static n => n % Keys), 450, 900, before);
        await _offline.WriteAsync("copy", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "windows", except: ["windows"]);
            await savepoint.CopyStateAsync(taken, "windows", "windows", change: static row =>
                row.With("key", StateValue.Scalar.Of((int)((StateValue.Scalar)row["key"]).Value + 100)).With("value", StateValue.Scalar.Of((long)((StateValue.Scalar)row["value"]).Value + 1_000_000)));
        });

        await _offline.RunAsync("copy", source => WindowFlow(source, _offline.Table, static n => (n % Keys) + 100), 900, after);

        // Those of before the savepoint are told by the job that took it; the one that was open then has the million.
        IEnumerable<string> expected = from n in Enumerable.Range(0, 900) let start = n / 100 * 100 group n by (Key: n % Keys, Start: start) into window
                                       let key = window.Key.Start < 400 ? window.Key.Key : window.Key.Key + 100
                                       select $"{key} {window.Key.Start}: {window.Sum() + (window.Key.Start == 400 ? 1_000_000 : 0)}";
        Assert.Equal(expected.Order(StringComparer.Ordinal), _offline.Answer);
    }

    static Dataflow WindowFlow(HeldSource source, ModelTable table, Func<int, int> keyOf)
    {
        Dataflow flow = new(Name);
        flow.Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).WithParallelism(1).KeyBy(keyOf).Window(Tumbling.Of(TimeSpan.FromTicks(100)))
            .Aggregate("windows", static () => 0L, static (ref sum, in n) => sum += n.Value, static (a, b) => a + b, static w => $"{w.Key} {w.Start.Ticks}: {w.Value}").Sink("out", new ModelSink(table));
        return flow;
    }

    static string KeyOf(int n) => $"book {n % Keys}";

    static IEnumerable<string> Told(IEnumerable<int> numbers, string by) => numbers.GroupBy(KeyOf).Select(g => Line(g.Key, [.. g], total: $"{g.Sum()}/{g.Count()}/{by}"))
        .Concat(numbers.Where(static n => n % 50 == 0).Select(static n => Mark(KeyOf(n), End + n))).Order(StringComparer.Ordinal);
}
