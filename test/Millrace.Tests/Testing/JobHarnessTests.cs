using Millrace.Runtime;
using Millrace.Testing;
using Millrace.Testing.Contracts;

namespace Millrace.Tests.Testing;

public sealed class JobHarnessTests
{
    [Fact]
    public void Job_WithAScriptedSource_RunsStepByStep()
    {
        ScriptedSource<string> words = new();
        CollectedOutput<KeyValue<string, long>> counts = new();
        using JobHarness harness = JobHarness.Start(flow => flow.Source("words", words).KeyBy(static w => w).Count("count").Sink("out", counts));

        words.Send("a", "b", "a");
        harness.RunUntilIdle();
        counts.Expect(new("a", 1), new("b", 1), new("a", 2));
        harness.RunUntilIdle();
        counts.ExpectNothing();
        words.Send("b").End();
        harness.RunToEnd();
        counts.Expect(new KeyValue<string, long>("b", 2));
        Assert.Equal((4, 4), (harness.RecordsOut("words"), harness.RecordsIn("count")));
        Assert.True(harness.IsEnded);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Job_RunTwice_DoesTheSameInTheSameOrder(int parallelism)
    {
        IReadOnlyList<int>[] runs = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            CollectedOutput<int> output = new();
            using JobHarness harness = JobHarness.Start(
                flow => flow.Source("n", CollectionSource.Of(Enumerable.Range(0, 5_000).ToArray()).InSplits(4)).KeyBy(static n => n % 100).Reduce("r", static (a, b) => a + b).Sink("out", output),
                new() { Parallelism = parallelism });
            harness.RunToEnd();
            return output.Take();
        })];
        Assert.Equal(runs[0], runs[1]);
    }

    public sealed class CountTo : IJob
    {
        public static readonly CollectedOutput<int> Output = new();

        public static void Define(Dataflow flow, JobArguments args) =>
            flow.Source("numbers", CollectionSource.Of(Enumerable.Range(0, args.Get("to", 3)).ToArray())).Sink("out", Output);
    }

    [Fact]
    public void Job_OfTheProgram_GetsItsArguments()
    {
        using JobHarness harness = JobHarness.Start<CountTo>("--to", "4");
        harness.RunToEnd();
        CountTo.Output.Expect(0, 1, 2, 3);
    }

    [Fact]
    public void Sequence_OnThreadsOfItsOwn_IsWaitedFor()
    {
        CollectedOutput<int> output = new();
        using JobHarness harness = JobHarness.Start(flow => flow.Source("numbers", AsyncEnumerableSource.Of(static _ => Slow())).Sink("out", output));
        harness.RunUntil(() => output.Count >= 2).RunToEnd();
        output.Expect(0, 1, 2);

        static async IAsyncEnumerable<int> Slow()
        {
            for (int i = 0; i < 3; i++)
            {
                await Task.Yield();
                yield return i;
            }
        }
    }

    [Fact]
    public void Failure_OfTheJob_IsThrownByTheNextRun()
    {
        ScriptedSource<int> source = new();
        using JobHarness harness = JobHarness.Start(flow => flow.Source("n", source).Select(static n => 1 / n).Sink("out", new CollectedOutput<int>()));
        source.Send(1);
        harness.RunUntilIdle();
        source.Send(0);
        Assert.Contains("Select-2", Assert.Throws<JobFailedException>(harness.RunUntilIdle).Message, StringComparison.Ordinal);
        Assert.IsType<JobFailedException>(harness.Failure);
    }

    [Fact]
    public void Failure_OfTheScript_ComesAfterItsRecords()
    {
        ScriptedSource<int> source = new();
        CollectedOutput<int> output = new();
        using JobHarness harness = JobHarness.Start(flow => flow.Source("n", source).Sink("out", output));
        source[0].Send(1, 2).Fail(new IOException("unplugged"));
        Assert.Contains("unplugged", Assert.Throws<JobFailedException>(harness.RunUntilIdle).Message, StringComparison.Ordinal);
        output.Expect(1, 2);
    }

    [Fact]
    public void RunUntil_SomethingThatNeverHappens_SaysSo()
    {
        using JobHarness harness = JobHarness.Start(
            static flow => flow.Source("n", new ScriptedSource<int>()).Sink("out", new CollectedOutput<int>()), new() { Patience = TimeSpan.FromMilliseconds(40) });
        Assert.Contains("nothing to do for", Assert.Throws<ExpectationException>(harness.RunToEnd).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_InVirtualTime_FireWhenTheClockHasPassedTheirEnd()
    {
        ScriptedSource<string> words = new();
        CollectedOutput<long> counts = new();
        using JobHarness harness = JobHarness.Start(flow => flow
            .Source("words", words).KeyBy(static _ => 0).Window(Tumbling.Of(TimeSpan.FromMinutes(1)).InProcessingTime()).Count("count").Select(static w => w.Value).Sink("out", counts));
        words.Send("a", "b");
        harness.AdvanceTime(TimeSpan.FromSeconds(59));
        counts.ExpectNothing();
        harness.AdvanceTime(TimeSpan.FromSeconds(2));
        counts.Expect(2);
    }

    [Fact]
    public async Task Contract_OfTheScriptedSource_Holds() =>
        await new SourceContract<int, ScriptedSplit>(
            static () =>
            {
                ScriptedSource<int> source = new(3);
                for (int i = 0; i < 3; i++) source[i].Send([.. Enumerable.Range(i * 10, 10)]).End();
                return source;
            },
            [.. Enumerable.Range(0, 30)]).CheckAsync();

    [Fact]
    public async Task Contract_OfASourceThatForgetsItsPosition_NamesTheRule()
    {
        ExpectationException e = await Assert.ThrowsAsync<ExpectationException>(() => new SourceContract<int, ScriptedSplit>(static () => new Forgetful(), [1, 2]).CheckAsync());
        Assert.Contains("opening the position after 1 records of split '0' must give exactly the rest", e.Message, StringComparison.Ordinal);
    }

    sealed class Forgetful : ISource<int, ScriptedSplit>
    {
        readonly ScriptedSource<int> _script = new();

        public Forgetful() => _script.Send(1, 2).End();

        public bool IsBounded => true;

        public IAsyncEnumerable<ScriptedSplit> DiscoverAsync(SourceContext context, CancellationToken cancellationToken) => _script.DiscoverAsync(context, cancellationToken);

        public ValueTask<ISplitReader<int, ScriptedSplit>> OpenAsync(ScriptedSplit split, FunctionContext context, CancellationToken cancellationToken) =>
            _script.OpenAsync(split with { Next = 0 }, context, cancellationToken);
    }
}
