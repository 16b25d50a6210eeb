using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A leader that sleeps in the middle of a checkpoint, is taken over, and wakes up.</summary>
public sealed class ZombieTests
{
    public static TheoryData<string> Pauses() => ["packs/", "checkpoints/", "ledger/", "terms/", "sink prepare"];

    [Theory(Timeout = TrialAssert.LimitMs)]
    [MemberData(nameof(Pauses))]
    public async Task Leader_WakesAfterTakeover_HasNoEffect(string pause)
    {
        Trial trial = new() { Input = new(3, 300) };
        Pause asleep = new();
        bool isArmed = false;
        int commits = 0;
        bool Fits(string what) => Volatile.Read(ref isArmed) && what.Contains(pause, StringComparison.Ordinal);
        FaultStore sleepy = new(trial.Store, new(call => call.Verb is not StoreVerb.BeginUpload && Fits(call.Key) && asleep.TryEnter() ? new StoreFault.Hold(asleep.Until) : new StoreFault.None()), TimeProvider.System);
        SleepySink sink = new(new ModelSink(trial.Table), () => Fits("sink prepare") && asleep.TryEnter() ? asleep.Until : Task.CompletedTask, () => Interlocked.Increment(ref commits));
        TrialGate gate = new();
        CheckpointOptions checkpoints = new() { Interval = TimeSpan.FromHours(1), Retained = 1 };
        DurableJob first = await trial.StartAsync(
            new() { Store = sleepy, Gate = gate, Checkpoints = checkpoints, Graph = TrialFlow.Graph(trial.Input, gate, sink, static _ => { }) }, limit: 60);
        await first.CheckpointAsync().TakenAsync();
        gate.Open(90);
        await first.PassedAsync(gate, trial.Input.Below(90));
        Volatile.Write(ref isArmed, true);
        Task<CheckpointAnswer> asked = first.CheckpointAsync();
        await Task.WhenAny(asleep.Entered, first.Completion);
        Assert.False(first.Completion.IsCompleted);

        // Another takes over, takes three checkpoints, keeps one and deletes the others.
        TrialStart second = new() { Checkpoints = checkpoints };
        second.Gate.Open(0);
        DurableJob next = trial.Start(second);
        await Task.WhenAny(OpenedAsync(next), next.Completion);
        int from = StartOf(trial);
        for (int limit = 120; limit <= 200; limit += 40)
        {
            second.Gate.Open(limit);
            await next.PassedAsync(second.Gate, trial.Input.Below(limit) - (trial.Input.Splits * from));
            await next.CheckpointAsync().TakenAsync();
        }

        int before = commits;
        IReadOnlyList<string> keys = trial.Store.Keys, seen = trial.Table.Visible;
        int calls = sleepy.Effects.Count(static e => e.Call.Verb == StoreVerb.Delete);
        asleep.Wake();
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => first.Completion);
        Assert.True(failure is LedgerFencedException, $"{failure}");
        Assert.IsNotType<CheckpointAnswer.Taken>(await asked);
        Assert.Equal(before, commits);
        Assert.Equal(calls, sleepy.Effects.Count(static e => e.Call.Verb == StoreVerb.Delete));
        Assert.Empty(keys.Except(trial.Store.Keys));
        Assert.Equal(seen, trial.Table.Visible);

        second.Gate.Open();
        Assert.Equal(JobEnding.Finished, (await next.Completion).Ending);
        TrialAssert.Same(TrialFlow.Answer(trial.Input), trial.Table.Visible, pause);
        await trial.AssertKeptAsync();
    }

    // Where the second began: at the first's second checkpoint if that counted, else at its first.
    static int StartOf(Trial trial) => trial.Told.Any(static line => line.Contains("goes on from checkpoint 2", StringComparison.Ordinal)) ? 90 : 60;

    static async Task OpenedAsync(DurableJob job)
    {
        while (await job.CheckpointAsync() is CheckpointAnswer.Refused) await Task.Yield();
    }

    sealed class Pause
    {
        readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously), _until = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _isEntered;

        public Task Entered => _entered.Task;

        public Task Until => _until.Task;

        public bool TryEnter()
        {
            if (Interlocked.Exchange(ref _isEntered, 1) != 0) return false;
            _entered.SetResult();
            return true;
        }

        public void Wake() => _until.SetResult();
    }

    /// <summary>A sink that sleeps before it prepares, and tells of commits.</summary>
    sealed class SleepySink(ModelSink sink, Func<Task> beforePrepare, Action committing)
        : ITransactionalSink<string, System.Collections.Immutable.ImmutableArray<string>, ModelPrepared>
    {
        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => sink.CheckAsync(context, cancellationToken);

        public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<ModelPrepared> owed, CancellationToken cancellationToken) => sink.AbandonAsync(context, owed, cancellationToken);

        public ValueTask<ITransactionalWriter<string, System.Collections.Immutable.ImmutableArray<string>>> OpenAsync(
            SinkContext context, FunctionContext function, CancellationToken cancellationToken) => sink.OpenAsync(context, function, cancellationToken);

        public async ValueTask<ModelPrepared> PrepareAsync(System.Collections.Immutable.ImmutableArray<string> part, CancellationToken cancellationToken)
        {
            await beforePrepare();
            return await sink.PrepareAsync(part, cancellationToken);
        }

        public ValueTask<CommitOutcome> CommitAsync(ModelPrepared prepared, CancellationToken cancellationToken)
        {
            committing();
            return sink.CommitAsync(prepared, cancellationToken);
        }
    }
}
