using System.Diagnostics;
using System.Reflection;
using Millrace.Runtime;

namespace Millrace.Tests.Runtime.Engine;

[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Measures the process, so nothing else may run.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    static bool IsUnoptimized => typeof(Limits).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Records_InSteadyState_AllocateNothing(int parallelism)
    {
        Assert.SkipWhen(IsUnoptimized, "code compiled for debugging boxes what optimised code does not; run with -c Release");
        const long From = 5_000_000, To = 25_000_000;
        long before = 0, after = 0;
        ProbeSink<KeyValue<long, long>> sink = new()
        {
            Written = n =>
            {
                if (n >= From && Volatile.Read(ref before) == 0) Interlocked.CompareExchange(ref before, GC.GetTotalAllocatedBytes(precise: true), 0);
                if (n >= To && Volatile.Read(ref after) == 0) Interlocked.CompareExchange(ref after, GC.GetTotalAllocatedBytes(precise: true), 0);
            },
        };
        await Jobs.RunAsync(
            flow => flow
                .Source("numbers", GeneratorSource.Of(26_000_000, static r => r.Index).InSplits(2), WatermarkStrategy.Monotonous<long>(static n => new(n)))
                .Where(static n => n >= 0).Select(static n => n + 1).KeyBy(static n => n & 1023).Count("count").Sink("out", sink),
            parallelism);

        double bytesPerRecord = (after - before) / (double)(To - From);
        Assert.True(bytesPerRecord is >= 0 and <= 0.01, $"{bytesPerRecord:N4} bytes per record");
    }
}
