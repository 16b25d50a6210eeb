using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Jobs whose tasks are shared by several workers of one process: records between them are encoded, and go by connections.</summary>
public sealed class SeveralWorkersTests
{
    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(5, 2)]
    [InlineData(7, 3)]
    [InlineData(2, 5)]
    public async Task Run_ToTheEnd_EndsExactly(int parallelism, int workers)
    {
        Trial trial = new() { Input = new(6, 1_500) };

        JobResult end = await trial.RunAsync(new() { Parallelism = parallelism, Workers = workers, Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20) } });

        Assert.Equal(JobEnding.Finished, end.Ending);
        await trial.AssertExactAsync();
        Assert.Equal(trial.Input.Total, end.Status.RecordsRead);
        Assert.Equal(TrialFlow.Answer(trial.Input).Count, end.Status.RecordsWritten);
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(1, 1, 3, 3, Alignment.Aligned)]
    [InlineData(3, 3, 1, 1, Alignment.Aligned)]
    [InlineData(4, 2, 3, 3, Alignment.Aligned)]
    [InlineData(3, 3, 5, 2, Alignment.Unaligned)]
    public async Task Stop_ThenStartWithOtherWorkers_EndsExactly(int before, int workersBefore, int after, int workersAfter, Alignment alignment)
    {
        Trial trial = new() { Input = new(9, 240) };
        CheckpointOptions checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20), Alignment = alignment };
        DurableJob job = await trial.StartAsync(new() { Parallelism = before, Workers = workersBefore, Checkpoints = checkpoints }, limit: 130);
        await job.StopAsync(isDrain: false, null).TakenAsync();
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);

        JobResult end = await trial.RunAsync(new() { Parallelism = after, Workers = workersAfter, Checkpoints = checkpoints, From = new StartFrom.LatestSavepoint() });

        Assert.Equal(JobEnding.Finished, end.Ending);
        await trial.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Failure_OfUserCode_RestartsAllWorkersFromTheNewestCheckpoint()
    {
        int left = 3;
        Trial trial = new() { Input = new(6, 600) };

        JobResult end = await trial.RunAsync(new()
        {
            Parallelism = 3,
            Workers = 3,
            Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(10) },
            Restart = new RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.Zero },
            OnRecord = r =>
            {
                if (r.Index == 400 && Interlocked.Decrement(ref left) >= 0) throw new FormatException("no good");
            },
        });

        Assert.Equal(JobEnding.Finished, end.Ending);
        await trial.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Failure_OfUserCode_IsToldByItsOperator_NotByTheWorkersItTookAlong()
    {
        Trial trial = new() { Input = new(6, 600) };

        JobFailedException failed = await Assert.ThrowsAsync<JobFailedException>(() => trial.RunAsync(new()
        {
            Parallelism = 3,
            Workers = 3,
            OnRecord = static r =>
            {
                if (r.Index == 300) throw new FormatException("no good");
            },
        }));

        OperatorFailedException cause = Assert.IsType<OperatorFailedException>(failed.InnerException);
        Assert.Equal("sums", cause.OperatorId);
        Assert.IsType<FormatException>(cause.InnerException);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Cancel_WhileRecordsAreOnTheirWay_EndsAndGoesOnFromTheNewestCheckpoint()
    {
        Trial trial = new() { Input = new(6, 2_000) };
        DurableJob job = await trial.StartAsync(new() { Parallelism = 3, Workers = 3 }, limit: 700);
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        job.Interrupt("test");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);

        Assert.Equal(JobEnding.Finished, (await trial.RunAsync(new() { Parallelism = 2, Workers = 2 })).Ending);
        await trial.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Record_ThatCannotBeEncoded_FailsTheOperatorItGoesTo()
    {
        Dataflow flow = new("job");
        flow.Source("numbers", CollectionSource.Of<int>([1, 2, 3])).WithParallelism(1)
            .Select(static n => n < 3 ? new Plain(n) : new Derived(n)).WithParallelism(1)
            .KeyBy(static p => p.Number).Count("counts", static (key, n) => $"{key} {n}").WithParallelism(2)
            .Sink("out", DiscardSink.Of<string>());
        Trial trial = new();

        JobFailedException failed = await Assert.ThrowsAsync<JobFailedException>(() => trial.RunAsync(new() { Graph = flow.Build(), Parallelism = 2, Workers = 2 }));

        OperatorFailedException cause = Assert.IsType<OperatorFailedException>(failed.InnerException);
        Assert.Equal("counts", cause.OperatorId);
        Assert.Contains("Derived", cause.Message, StringComparison.Ordinal);
    }

    public record Plain(int Number);

    public sealed record Derived(int Number) : Plain(Number);
}
