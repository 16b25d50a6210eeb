using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

public sealed class SideOutputTests
{
    static readonly SideOutput<string> Odd = new("odd"), Unread = new("unread");

    sealed class Parity : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output)
        {
            if (record.Value % 2 == 0)
            {
                output.Emit(record.Value);
                return;
            }

            output.EmitTo(Odd, $"{record.Value}");
            output.EmitTo(Unread, "nobody");
        }
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public async Task Side_TwoConsumers_EachGetsEveryRecordAndUnreadOnesAreCounted(int parallelism, bool isChaining)
    {
        CollectionSink<int> main = new();
        CollectionSink<string> first = new(), second = new();
        var result = await Jobs.RunAsync(flow =>
        {
            DataStream<int> parity = flow.Source("numbers", CollectionSource.Of(Enumerable.Range(0, 5_000).ToArray())).Process("parity", static () => new Parity());
            parity.Sink("main", main);
            parity.Side(Odd).Sink("first", first);
            parity.Side(Odd).Rebalance().Sink("second", second);
        }, parallelism, isChaining);

        Assert.Equal(Enumerable.Range(0, 5_000).Where(static n => n % 2 == 0), main.Items.Order());
        string[] odd = [.. Enumerable.Range(0, 5_000).Where(static n => n % 2 == 1).Select(static n => $"{n}").Order(StringComparer.Ordinal)];
        Assert.Equal(odd, first.Items.Order(StringComparer.Ordinal));
        Assert.Equal(odd, second.Items.Order(StringComparer.Ordinal));
        Assert.Equal(2_500, result.Status["parity"].Counters["sideOutputUnread"]);
    }

    [Fact]
    public async Task Side_UnionOfTwo_GivesBoth()
    {
        CollectionSink<string> sink = new();
        await Jobs.RunAsync(flow =>
        {
            DataStream<int> numbers = flow.Source("numbers", CollectionSource.Of([1, 2, 3]));
            numbers.Process("a", static () => new Parity()).Side(Odd).Union(numbers.Process("b", static () => new Parity()).Side(Odd)).Sink("out", sink);
        });
        Assert.Equal(["1", "1", "3", "3"], sink.Items.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Side_OfOneCallBeyondABatch_LosesNothing()
    {
        StreamScript.Process(static () => new Explosion()).Collecting(Odd)
            .Send(5_000)
            .End()
            .ExpectNothing()
            .ExpectSide(Odd, [.. Enumerable.Range(0, 5_000).Select(static n => $"{n}"), "end"]);
    }

    sealed class Explosion : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output)
        {
            for (int i = 0; i < record.Value; i++) output.EmitTo(Odd, $"{i}");
        }

        public void OnEnd(Output<int> output) => output.EmitTo(Odd, "end");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Side_OfASource_LosesNothingAtItsEnd(bool isChaining)
    {
        CollectedOutput<string> side = new();
        CollectedOutput<int> main = new();
        Jobs.RunStepped(flow =>
        {
            DataStream<int> rows = flow.Source("rows", new DirtySource(5, 3_000));
            rows.Sink("main", main);
            rows.Side(Odd).Sink("side", side);
        }, isChaining: isChaining);
        Assert.Equal(Enumerable.Range(0, 15_000).Select(static i => $"{i}"), side.Take());
        Assert.Equal(5, main.Count);
    }

    [Fact]
    public void Side_OfASource_HoldsTheReaderBack()
    {
        TaskCompletionSource gate = new();
        ProbeSink<string> slow = new() { WriteAfter = gate.Task };
        DirtySource source = new(100, 3_000);
        using JobHarness harness = JobHarness.Start(flow => flow.Source("rows", source).Side(Odd).Sink("side", slow));
        harness.RunUntilIdle();
        Assert.InRange(source.Reads, 1, 3);
        gate.SetResult();
        harness.RunToEnd();
        Assert.Equal(300_000, slow.RecordsWritten);
    }

    /// <summary>A source whose every read gives one record, and many that could not be parsed.</summary>
    sealed class DirtySource(int reads, int dirtyPerRead) : ISource<int, ProbeSplit>, ISplitReader<int, ProbeSplit>
    {
        public int Reads { get; private set; }

        public bool IsBounded => true;

        public ProbeSplit Position => new(0);

        public async IAsyncEnumerable<ProbeSplit> DiscoverAsync(SourceContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return new(0);
        }

        public ValueTask<ISplitReader<int, ProbeSplit>> OpenAsync(ProbeSplit split, FunctionContext context, CancellationToken cancellationToken) => new(this);

        public ReadStatus TryRead(ref BatchWriter<int> batch)
        {
            for (int i = 0; i < dirtyPerRead; i++) batch.AddTo(Odd, $"{(Reads * dirtyPerRead) + i}");
            batch.Add(Reads++);
            return Reads == reads ? ReadStatus.Finished : ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
