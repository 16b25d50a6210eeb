using System.Collections.Immutable;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>What a sink writes to is away when it is to commit, and still when the job that failed of it begins again.</summary>
public sealed class SinkAwayTests
{
    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Restart_WhileTheSinkIsAway_IsTriedAgainByThePolicy()
    {
        Trial trial = new();
        (AwaySink sink, TrialStart how) = Start(trial, new RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.FromMilliseconds(1) }, refusals: 4);
        DurableJob job = await FailAsync(trial, sink, how);
        while (sink.Refused < 4) await Task.Yield();
        how.Gate.Open(int.MaxValue);

        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        await trial.AssertExactAsync();
        Assert.All(trial.Told.Where(static line => line.StartsWith("failed: ", StringComparison.Ordinal)), static line =>
            Assert.Matches(@"^failed: sink 'out' could not commit .+: IOException: the server of the sink is down; restarting in \S+ s from checkpoint \d", line));
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Restart_WhileTheSinkStaysAway_GivesUpByThePolicyAndOwesIt()
    {
        Trial trial = new();
        (AwaySink sink, TrialStart how) = Start(trial, new RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.FromMilliseconds(1) }, refusals: int.MaxValue);
        DurableJob job = await FailAsync(trial, sink, how);

        Assert.Contains("sink 'out' could not commit", (await Assert.ThrowsAsync<SinkFailedException>(() => job.Completion)).Message, StringComparison.Ordinal);
        Assert.NotEmpty((await trial.StateAsync())!.Owed);
        // A start does not wait for it, and says the same; the next one finds everything as it was.
        Assert.Contains("the server of the sink is down", (await Assert.ThrowsAsync<SinkFailedException>(() => trial.RunAsync(how with { Gate = new() }))).Message, StringComparison.Ordinal);
        Assert.Equal(JobEnding.Finished, (await trial.RunAsync()).Ending);
        await trial.AssertExactAsync();
    }

    /// <summary>A job that waits for its next deployment is cancelled as one that runs.</summary>
    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_BetweenTwoDeployments_CommitsWhatIsOwedAndKeepsWhatItWasToldTo(bool isRetained)
    {
        Trial trial = new();
        (AwaySink sink, TrialStart how) = Start(trial, new RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.FromHours(1) }, refusals: 1);
        DurableJob job = await FailAsync(trial, sink, how with { Checkpoints = how.Checkpoints with { IsRetainedOnCancel = isRetained } });
        while (!trial.Told.Any(static line => line.Contains("restarting in 3600 s", StringComparison.Ordinal))) await Task.Yield();
        Assert.NotEmpty((await trial.StateAsync())!.Owed);

        await job.CancelAsync(isSavepoint: false, null);
        Assert.Equal(JobEnding.Cancelled, (await job.Completion).Ending);
        LedgerState state = await trial.AssertKeptAsync();
        Assert.Equal((JobPhase.Cancelled, 0, 0), (state.Phase, state.Owed.Count, state.Doomed.Count));
        Assert.Equal(isRetained, state.Latest is not null);
        Assert.Equal(isRetained, trial.Store.Keys.Any(static key => key.Contains("/checkpoints/", StringComparison.Ordinal)));
        Assert.Equal(isRetained, trial.Store.Keys.Any(static key => key.Contains("/packs/", StringComparison.Ordinal)));
        Assert.Equal(0, trial.Table.Prepared);
    }

    /// <summary>Takes a checkpoint, and another whose output cannot be committed.</summary>
    static async Task<DurableJob> FailAsync(Trial trial, AwaySink sink, TrialStart how)
    {
        DurableJob job = await trial.StartAsync(how, limit: 20);
        await job.CheckpointAsync().TakenAsync();
        long passed = how.Gate.Passed;
        how.Gate.Open(40);
        await job.PassedAsync(how.Gate, passed + (trial.Input.Splits * 20));
        sink.IsAway = true;
        _ = job.CheckpointAsync();
        return job;
    }

    static (AwaySink Sink, TrialStart How) Start(Trial trial, RestartPolicy policy, int refusals)
    {
        AwaySink sink = new(new(trial.Table), refusals);
        TrialGate gate = new();
        return (sink, new() { Gate = gate, Restart = policy, Graph = TrialFlow.Graph(trial.Input, gate, sink, static _ => { }) });
    }

    /// <summary>The sink of the trial, with a server that may be down.</summary>
    sealed class AwaySink(ModelSink sink, int refusals) : ITransactionalSink<string, ImmutableArray<string>, ModelPrepared>
    {
        int _refused;
        volatile bool _isAway;

        public bool IsAway { set => _isAway = value; }

        public int Refused => Volatile.Read(ref _refused);

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => sink.CheckAsync(context, cancellationToken);

        public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<ModelPrepared> owed, CancellationToken cancellationToken) =>
            sink.AbandonAsync(context, owed, cancellationToken);

        public ValueTask<ITransactionalWriter<string, ImmutableArray<string>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            sink.OpenAsync(context, function, cancellationToken);

        public ValueTask<ModelPrepared> PrepareAsync(ImmutableArray<string> part, CancellationToken cancellationToken) => sink.PrepareAsync(part, cancellationToken);

        public ValueTask<CommitOutcome> CommitAsync(ModelPrepared prepared, CancellationToken cancellationToken) =>
            _isAway && Interlocked.Increment(ref _refused) <= refusals ? throw new IOException("the server of the sink is down") : sink.CommitAsync(prepared, cancellationToken);
    }
}
