using Millrace.Runtime;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

public sealed class CancellationTests
{
    [Fact]
    public async Task Cancel_AtAnyMoment_CompletesAndClosesEverythingOnce()
    {
        for (int seed = 0; seed < 25; seed++)
        {
            Random random = new(seed);
            long cancelAt = random.Next(4) switch { 0 => 0, 1 => 1, _ => random.Next(200_000) };
            int parallelism = random.Next(1, 4);
            ProbeFunction.Counts counts = new();
            ProbeSource source = new(5, 50_000_000);
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            ProbeSink<int> sink = new() { Written = n => { if (n >= cancelAt) reached.TrySetResult(); } };
            EmbeddedJob job = Jobs.Start(flow => flow
                .Source("numbers", source).Process("probe", counts.Make).KeyBy(static n => n).Reduce("last", static (_, n) => n % 1000)
                .SelectMany(static n => Enumerable.Range(0, n % 3)).Sink("out", sink), parallelism);
            if (cancelAt > 0) await reached.Task.WaitAsync(Jobs.Patience);
            job.Cancel();
            job.Cancel();

            JobResult result = await job.EndAsync();
            Assert.True(result.IsCancelled, $"seed {seed}");
            Assert.Equal(source.Opened, source.Disposed);
            // One more is made while planning, and never opened.
            Assert.Equal((parallelism + 1, parallelism, parallelism), (counts.Made, counts.Opened, counts.Disposed));
            Assert.Equal((parallelism, parallelism, 0), (sink.Opened, sink.Disposed, sink.Completed));
        }
    }

    [Fact]
    public async Task Cancel_AtOnceOfATinyJob_NeverThrows()
    {
        for (int i = 0; i < 150; i++)
        {
            EmbeddedJob job = Jobs.Start(static flow => flow.Source("n", CollectionSource.Of([1, 2])).Sink("out", DiscardSink.Of<int>()));
            job.Cancel();
            await job.EndAsync();
        }
    }

    [Fact]
    public async Task Cancel_Finished_ChangesNothing()
    {
        EmbeddedJob job = Jobs.Start(static flow => flow.Source("n", CollectionSource.Of([1, 2])).Sink("out", DiscardSink.Of<int>()));
        Assert.False((await job.EndAsync()).IsCancelled);
        job.Cancel();
        Assert.False((await job.EndAsync()).IsCancelled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_WhileOpening_CompletesWithoutReading(bool finishesAnyway)
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ProbeSource source = new(2, 10);
        ProbeSink<int> stuck = new() { OpenAfter = gate.Task }, other = new();
        EmbeddedJob job = Jobs.Start(flow =>
        {
            DataStream<int> numbers = flow.Source("numbers", source);
            numbers.Sink("other", other);
            numbers.Sink("stuck", stuck);
        });
        if (finishesAnyway) gate.SetResult();
        job.Cancel();

        JobResult result = await job.EndAsync();
        Assert.True(result.IsCancelled || finishesAnyway);
        Assert.Equal(source.Opened, source.Disposed);
        Assert.Equal(stuck.Opened, stuck.Disposed);
        Assert.Equal(other.Opened, other.Disposed);
        if (!finishesAnyway) Assert.Equal(0, source.RecordsRead);
    }

    [Fact]
    public async Task Cancel_WhileDiscovering_Completes()
    {
        TaskCompletionSource never = new();
        ProbeSource source = new(2, 10) { DiscoverAfter = never.Task };
        EmbeddedJob job = Jobs.Start(flow => flow.Source("numbers", source).Sink("out", DiscardSink.Of<int>()), 2);
        job.Cancel();
        Assert.True((await job.EndAsync()).IsCancelled);
    }

    [Fact]
    public async Task RunAsync_TokenCancelled_CancelsTheJob()
    {
        using CancellationTokenSource cancel = new();
        ProbeSink<long> sink = new() { Written = _ => cancel.Cancel() };
        JobResult result = await EmbeddedCluster.RunAsync(
            Jobs.Graph(flow => flow.Source("numbers", GeneratorSource.Unbounded(static r => r.Index)).Sink("out", sink)), null, cancel.Token).WaitAsync(Jobs.Patience);
        Assert.True(result.IsCancelled);
        Assert.Equal(sink.Opened, sink.Disposed);
    }

    [Fact]
    public async Task UserCode_ThatDoesNotReturn_IsNamedTenSecondsAfterCancellation()
    {
        ManualTimeProvider time = new();
        using ManualResetEventSlim entered = new(), release = new();
        EmbeddedJob job = Jobs.Start(flow => flow
            .Source("numbers", CollectionSource.Of([1, 2, 3])).Select(n =>
            {
                entered.Set();
                release.Wait();
                return n;
            }).Sink("out", DiscardSink.Of<int>()), time: time);
        Assert.True(entered.Wait(Jobs.Patience));
        job.Cancel();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(job.Completion.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        JobFailedException failure = await Assert.ThrowsAsync<JobFailedException>(job.EndAsync);
        StuckUserCodeException stuck = Assert.IsType<StuckUserCodeException>(failure.InnerException);
        Assert.Contains("operator 'Select-2'", stuck.Message, StringComparison.Ordinal);
        Assert.Contains("for 10 s", stuck.Message, StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public async Task Opening_ThatDoesNotReturn_IsReportedTenSecondsAfterCancellation()
    {
        ManualTimeProvider time = new();
        TaskCompletionSource<int> never = new();
        EmbeddedJob job = Jobs.Start(flow => flow
            .Source("numbers", CollectionSource.Of([1, 2, 3])).Process("deaf", () => new Deaf(never.Task)).Sink("out", DiscardSink.Of<int>()), time: time);
        job.Cancel();
        time.Advance(TimeSpan.FromSeconds(10));
        JobFailedException failure = await Assert.ThrowsAsync<JobFailedException>(job.EndAsync);
        Assert.Contains("does not return from opening or closing", failure.Message, StringComparison.Ordinal);
        never.SetResult(0);
    }

    sealed class Deaf(Task until) : IProcess<int, int>, IOpen
    {
        public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(until);

        public void OnRecord(in Record<int> record, Output<int> output) => output.Emit(record.Value);
    }

    [Fact]
    public async Task Step_OfMoreThanASecond_IsToldOnce()
    {
        ManualTimeProvider time = new();
        using ManualResetEventSlim entered = new(), release = new();
        List<SlowStep> slow = [];
        EmbeddedJob job = EmbeddedCluster.Start(
            Jobs.Graph(flow => flow.Source("numbers", CollectionSource.Of([1])).Where(_ => { entered.Set(); release.Wait(); return true; }).Sink("out", DiscardSink.Of<int>())),
            new() { Parallelism = 1, Time = time, SlowStepSeen = slow.Add });
        Assert.True(entered.Wait(Jobs.Patience));
        time.Advance(TimeSpan.FromSeconds(5));
        release.Set();
        await job.EndAsync();
        Assert.Equal("Where-2", Assert.Single(slow).OperatorId);
    }
}
