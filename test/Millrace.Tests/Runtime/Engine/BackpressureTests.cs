using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

public sealed class BackpressureTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    public void Sink_ThatIsSlow_StopsTheSource(bool isChaining, int parallelism)
    {
        TaskCompletionSource gate = new();
        ProbeSource source = new(1, 400_000);
        ProbeSink<int> sink = new() { WriteAfter = gate.Task };
        using JobHarness harness = JobHarness.Start(
            flow => flow.Source("numbers", source).KeyBy(static n => n).Reduce("last", static (_, n) => n).Where(static _ => true).Sink("out", sink),
            new() { IsChaining = isChaining, Parallelism = parallelism });
        harness.RunUntilIdle();
        Assert.InRange(source.RecordsRead, 1, isChaining ? 5_000 : 100_000);
        Assert.Equal(0, sink.RecordsWritten);

        gate.SetResult();
        harness.RunToEnd();
        Assert.Equal(400_000, sink.RecordsWritten);
    }

    [Fact]
    public void Branch_ThatIsSlow_StopsTheOtherToo()
    {
        TaskCompletionSource gate = new();
        ProbeSink<int> slow = new() { WriteAfter = gate.Task }, fast = new();
        using JobHarness harness = JobHarness.Start(flow =>
        {
            DataStream<int> numbers = flow.Source("numbers", new ProbeSource(1, 100_000));
            numbers.Rebalance().Select(static n => n).DisableChaining().Sink("slow", slow);
            numbers.Sink("fast", fast);
        });
        harness.RunUntilIdle();
        Assert.InRange(fast.RecordsWritten, 1, 50_000);
        gate.SetResult();
        harness.RunToEnd();
        Assert.Equal((100_000, 100_000), (slow.RecordsWritten, fast.RecordsWritten));
    }
}
