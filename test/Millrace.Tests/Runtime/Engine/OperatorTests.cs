using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

/// <summary>Every verb against LINQ, on real threads and step by step, at several parallelisms.</summary>
public sealed class OperatorTests
{
    static readonly int[] Numbers = [.. Enumerable.Range(0, 5_000)];

    public static TheoryData<int, bool> Runs => [(1, true), (1, false), (2, true), (2, false), (3, true), (3, false), (7, true), (7, false)];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Stateless_Verbs_AgreeWithLinq(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, numbers => numbers
            .Where(static n => n % 3 != 0).Rebalance().Select(static n => n * 2).SelectMany(static n => Enumerable.Repeat(n, n % 5)));
        Assert.Equal(Numbers.Where(static n => n % 3 != 0).Select(static n => n * 2).SelectMany(static n => Enumerable.Repeat(n, n % 5)).Order(), actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Query_Syntax_AgreesWithLinq(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, static numbers =>
            from n in numbers where n < 100 from m in Enumerable.Range(0, n) select (n * 1000) + m);
        Assert.Equal((from n in Numbers where n < 100 from m in Enumerable.Range(0, n) select (n * 1000) + m).Order(), actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Union_WithItself_GivesEveryRecordTwice(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, static numbers => numbers.Union(numbers));
        Assert.Equal(Numbers.Concat(Numbers).Order(), actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Union_OfUnionsWithThemselves_GivesEveryRecordFourTimes(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, static numbers =>
        {
            DataStream<int> twice = numbers.Union(numbers);
            return twice.Union(twice).Select(static n => n);
        });
        Assert.Equal(Numbers.SelectMany(static n => Enumerable.Repeat(n, 4)).Order(), actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Diamond_ThatMeetsAgain_GivesBothBranches(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, static numbers =>
            numbers.Where(static n => n % 2 == 0).Union(numbers.Select(static n => -n), numbers.Rebalance().Select(static n => n + 1_000_000)));
        Assert.Equal(Numbers.Where(static n => n % 2 == 0).Concat(Numbers.Select(static n => -n)).Concat(Numbers.Select(static n => n + 1_000_000)).Order(), actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Broadcast_GivesEveryInstanceEveryRecord(int parallelism, bool isThreaded)
    {
        int[] actual = await RunAsync<int>(parallelism, isThreaded, static numbers => numbers.Broadcast().Select(static n => n));
        Assert.Equal(Numbers.SelectMany(n => Enumerable.Repeat(n, parallelism)).Order(), actual.Order());
    }

    [Theory]
    [InlineData(1, 3, 2)]
    [InlineData(2, 6, 2)]
    [InlineData(6, 2, 5)]
    [InlineData(3, 7, 1)]
    public async Task Repartition_BetweenParallelisms_GivesEveryRecordOnce(int first, int second, int third)
    {
        int[] actual = await RunAsync<int>(2, isThreaded: true, numbers => numbers
            .Rescale().Select(static n => n).WithParallelism(first)
            .Rescale().Select(static n => n).WithParallelism(second)
            .Select(static n => n).WithParallelism(third)
            .Rebalance().Select(static n => n).WithParallelism(second));
        Assert.Equal(Numbers, actual.Order());
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Running_Aggregates_AgreeWithLinq(int parallelism, bool isThreaded)
    {
        string[] actual = await RunAsync<string>(parallelism, isThreaded, static numbers =>
        {
            KeyedStream<int, int> keyed = numbers.KeyBy(static n => n % 97);
            return keyed.Count("count").Select(static r => $"count {r}").Union(
                keyed.Sum("sum", static n => (long)n).Select(static r => $"sum {r}"),
                keyed.Min("min", static n => n % 13).Select(static r => $"min {r}"),
                keyed.Max("max", static n => n % 13).Select(static r => $"max {r}"),
                keyed.MinBy("minBy", static n => n % 13).Select(static r => $"minBy {r}"),
                keyed.MaxBy("maxBy", static n => n % 13).Select(static r => $"maxBy {r}"),
                keyed.Reduce("reduce", static (a, b) => a ^ b).Select(static r => $"reduce {r}"),
                keyed.Fold("fold", static () => 0, static (ref int all, in Record<int> r, Output<string> output) => output.Emit($"fold {all += r.Value}")));
        });
        Assert.Equal(Numbers.GroupBy(static n => n % 97).SelectMany(static g => Aggregates(g.Key, [.. g])).Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    static IEnumerable<string> Aggregates(int key, int[] all)
    {
        for (int count = 1; count <= all.Length; count++)
        {
            int[] some = all[..count];
            yield return $"count {new KeyValue<int, long>(key, count)}";
            yield return $"sum {new KeyValue<int, long>(key, some.Sum(static n => (long)n))}";
            yield return $"min {new KeyValue<int, int>(key, some.Min(static n => n % 13))}";
            yield return $"max {new KeyValue<int, int>(key, some.Max(static n => n % 13))}";
            yield return $"minBy {some.MinBy(static n => n % 13)}";
            yield return $"maxBy {some.MaxBy(static n => n % 13)}";
            yield return $"reduce {some.Aggregate(static (a, b) => a ^ b)}";
            yield return $"fold {some.Sum()}";
        }
    }

    [Theory]
    [InlineData("chained")]
    [InlineData("unchained")]
    [InlineData("DisableChaining")]
    [InlineData("StartNewChain")]
    [InlineData("Blocking")]
    public async Task Chaining_HoweverItIsSet_GivesTheSameInTheSameOrder(string setting)
    {
        CollectionSink<int> sink = new();
        await Jobs.RunAsync(flow =>
        {
            DataStream<int> stream = flow.Source("numbers", CollectionSource.Of(Numbers)).Where(static n => n % 2 == 0);
            stream = setting switch { "DisableChaining" => stream.DisableChaining(), "StartNewChain" => stream.StartNewChain(), "Blocking" => stream.Blocking(), _ => stream };
            stream.Select(static n => n + 1).Sink("out", sink);
        }, isChaining: setting != "unchained");
        Assert.Equal(Numbers.Where(static n => n % 2 == 0).Select(static n => n + 1), sink.Items);
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Source_Empty_EndsTheJob(int parallelism, bool isThreaded)
    {
        CollectedOutput<int> output = new();
        Action<Dataflow> define = flow => flow.Source("nothing", CollectionSource.Of<int>([]).InSplits(2)).KeyBy(static n => n).Reduce("last", static (_, n) => n).Sink("out", output);
        if (isThreaded) await Jobs.RunAsync(define, parallelism);
        else Jobs.RunStepped(define, parallelism);
        output.ExpectNothing();
    }

    [Fact]
    public async Task SelectMany_OfAMillionFromOneRecord_StaysBoundedAndIsInterruptible()
    {
        int made = 0;
        TaskCompletionSource gate = new();
        ProbeSink<int> sink = new() { WriteAfter = gate.Task };
        using JobHarness harness = JobHarness.Start(flow => flow
            .Source("one", CollectionSource.Of([1_000_000])).SelectMany(n => Enumerable.Range(0, n).Select(i => { made++; return i; }))
            .DisableChaining().Sink("out", sink));
        harness.RunUntilIdle();
        Assert.InRange(made, 1, 20_000);

        gate.SetResult();
        harness.RunToEnd();
        Assert.Equal(1_000_000, sink.RecordsWritten);
        Assert.Equal(1_000_000, made);
        await Task.CompletedTask;
    }

    static async Task<T[]> RunAsync<T>(int parallelism, bool isThreaded, Func<DataStream<int>, DataStream<T>> define)
    {
        CollectionSink<T> sink = new();
        Action<Dataflow> job = flow => define(flow.Source("numbers", CollectionSource.Of(Numbers))).Sink("out", sink);
        if (isThreaded) await Jobs.RunAsync(job, parallelism);
        else Jobs.RunStepped(job, parallelism);
        return [.. sink.Items];
    }
}
