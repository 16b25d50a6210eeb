namespace Millrace.Tests.Runtime.Engine;

[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AlonePlease;

/// <summary>Measures the process, so nothing else may run.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Records_InSteadyState_AllocateNothing(int parallelism)
    {
        const long From = 2_000_000, To = 12_000_000;
        long before = 0, after = 0;
        ProbeSink<KeyValue<long, long>> sink = new()
        {
            Written = n =>
            {
                if (n >= From && Volatile.Read(ref before) == 0) Interlocked.CompareExchange(ref before, GC.GetTotalAllocatedBytes(), 0);
                if (n >= To && Volatile.Read(ref after) == 0) Interlocked.CompareExchange(ref after, GC.GetTotalAllocatedBytes(), 0);
            },
        };
        await Jobs.RunAsync(
            flow => flow
                .Source("numbers", GeneratorSource.Of(13_000_000, static r => r.Index).InSplits(2), WatermarkStrategy.Monotonous<long>(static n => new(n)))
                .Where(static n => n >= 0).Select(static n => n + 1).KeyBy(static n => n & 1023).Count("count").Sink("out", sink),
            parallelism);

        double bytesPerRecord = (after - before) / (double)(To - From);
        Assert.True(bytesPerRecord is >= 0 and <= 0.01, $"{bytesPerRecord:N4} bytes per record");
    }
}
