using System.Collections.Concurrent;
using System.Globalization;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A process that waits for a job, leads it, is overtaken, and waits again.</summary>
public sealed class StandbyTests
{
    const string Job = "waited-for";

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ConcurrentQueue<string> _told = new();
    volatile LeaderAnswer _answer = new LeaderAnswer.Gone();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Turn_ThatIsOvertaken_IsFollowedByAnotherThatGoesOn()
    {
        List<(StartFrom From, bool IsRewind, bool IsClaim)> turns = [];
        DurableOptions durable = Options() with { From = new StartFrom.Fresh(), IsRewind = true, IsClaim = true };
        string result = await new Standby(Job, Surroundings, durable).RunAsync(
            async turn =>
            {
                turns.Add((turn.From, turn.IsRewind, turn.IsClaim));
                if (turns.Count == 3) return "done";
                // The first is overtaken before it has taken the job up, the second after.
                if (turns.Count == 2) turn.TakenUp();
                await LedByAnotherAsync();
                throw new LedgerFencedException(Job, 1, "another process claimed term 2");
            },
            Cancelled);

        Assert.Equal("done", result);
        // What was asked for is asked again until it was honoured, and not after.
        Assert.Equal([(new StartFrom.Fresh(), true, true), (new StartFrom.Fresh(), true, true), (new StartFrom.Unsaid(), false, false)], turns);
        Assert.Equal(2, _told.Count(static line => line.Contains("what it had not committed was dropped, and it waits as a standby", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Turn_ThatAnotherTookFirst_IsWaitedForAgain()
    {
        int turns = 0;
        await LedByAnotherAsync();
        int result = await new Standby(Job, Surroundings, Options()).RunAsync(
            _ => ++turns < 3 ? throw new JobLedElsewhereException(new(1, "another", "memory://there", "nonce", DateTimeOffset.UnixEpoch)) : Task.FromResult(turns),
            Cancelled);
        Assert.Equal(3, result);
    }

    [Fact]
    public async Task Turn_ThatFails_EndsTheStandby()
    {
        Task waiting = new Standby(Job, Surroundings, Options()).RunAsync<int>(static _ => throw new StartRefusedException("the job was stopped"), Cancelled);
        Assert.Equal("the job was stopped", (await Assert.ThrowsAsync<StartRefusedException>(() => waiting)).Message);
    }

    [Fact]
    public async Task Leader_ThatAnswers_IsWaitedForUntilItIsGone()
    {
        _answer = new LeaderAnswer.Done("it leads the job");
        await LedByAnotherAsync();
        TaskCompletionSource told = new();
        DurableOptions durable = Options(line =>
        {
            if (line.Contains("another runs the job; this process waits", StringComparison.Ordinal)) told.TrySetResult();
        });
        Task<int> turn = new Standby(Job, Surroundings, durable).RunAsync(static _ => Task.FromResult(1), Cancelled);
        await told.Task;
        Assert.False(turn.IsCompleted);
        _answer = new LeaderAnswer.Gone();
        Assert.Equal(1, await turn);
    }

    [Fact]
    public async Task Store_ThatCannotBeReadForAWhile_IsWaitedFor()
    {
        int refused = 0;
        FaultStore store = new(_store, new(_ => Interlocked.Increment(ref refused) <= 3 ? new StoreFault.Refuse() : new StoreFault.None()), TimeProvider.System);
        await LedByAnotherAsync();
        Assert.Equal(1, await new Standby(Job, Surroundings, Options() with { Store = store }).RunAsync(static _ => Task.FromResult(1), Cancelled));
    }

    [Fact]
    public async Task Cancelled_WhileItWaits_Ends()
    {
        _answer = new LeaderAnswer.Done("it leads the job");
        await LedByAnotherAsync();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        Task<int> turn = new Standby(Job, Surroundings, Options(_ => ending.Cancel())).RunAsync(static _ => Task.FromResult(1), ending.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn);
    }

    [Fact]
    public async Task Leader_ThatRecordedAnEnd_IsNotWaitedFor()
    {
        _answer = new LeaderAnswer.Silent("it is on another machine");
        await FinishAsync();
        TakeoverOptions patient = new() { After = TimeSpan.FromDays(1), LookEvery = TimeSpan.FromMilliseconds(5), BackoffMax = TimeSpan.Zero };
        Assert.Equal(1, await new Standby(Job, Surroundings, Options() with { Takeover = patient }).RunAsync(static _ => Task.FromResult(1), Cancelled));
    }

    /// <summary>The end in the ledger is that of the run before: who claimed the job after it may be about to begin.</summary>
    [Fact]
    public async Task Leader_ThatHasClaimedAFinishedJob_IsGivenItsTime()
    {
        _answer = new LeaderAnswer.Silent("it is on another machine");
        await FinishAsync();
        await LedByAnotherAsync();
        TaskCompletionSource told = new();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        DurableOptions durable = Options(line =>
        {
            if (line.Contains("taken for gone when it has written nothing for 86400s", StringComparison.Ordinal)) told.TrySetResult();
        });
        TakeoverOptions patient = new() { After = TimeSpan.FromDays(1), LookEvery = TimeSpan.FromMilliseconds(5), BackoffMax = TimeSpan.Zero };
        Task<int> turn = new Standby(Job, Surroundings, durable with { Takeover = patient }).RunAsync(static _ => Task.FromResult(1), ending.Token);
        await Task.WhenAny(told.Task, turn);
        Assert.False(turn.IsCompleted);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn);
    }

    /// <summary>A whole job: overtaken while it leads, it waits until the other is gone and brings the job to its end.</summary>
    [Fact]
    public async Task Job_OvertakenByAnother_IsFinishedByTheFirst()
    {
        const int Records = 20_000;
        ModelTable table = new();
        HeldSource source = new(Records, Records / 2), others = new(Records, Records * 3 / 4);
        Task<JobResult> first = new Standby(Job, Surroundings, Options() with { Endpoint = "memory://first", Leader = "first" }).RunAsync(
            turn => EmbeddedCluster.StartDurable(Graph(source, table), Surroundings, turn).Completion, Cancelled);
        await source.Reached;

        _answer = new LeaderAnswer.Done("it leads the job");
        DurableOptions quick = Options() with { Endpoint = "memory://second", Leader = "second", AskLeader = static (_, _) => new(new LeaderAnswer.Gone()) };
        DurableJob second = EmbeddedCluster.StartDurable(Graph(others, table), Surroundings, quick);
        await others.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await second.CheckpointAsync());
        // The first finds out when it has something to record.
        source.Release();
        while (!_told.Any(static line => line.Contains("second runs the job; this process waits", StringComparison.Ordinal))) await Task.Delay(5, Cancelled);
        Assert.False(first.IsCompleted);

        second.Interrupt("test");
        Assert.Equal(JobEnding.Interrupted, (await second.Completion).Ending);
        _answer = new LeaderAnswer.Gone();
        Assert.Equal(JobEnding.Finished, (await first).Ending);
        Assert.Equal(Enumerable.Range(0, Records), table.Visible.Select(static line => int.Parse(line, CultureInfo.InvariantCulture)).Order());
    }

    static EmbeddedOptions Surroundings => new() { Parallelism = 1, Threads = 2 };

    static JobGraph Graph(HeldSource source, ModelTable table)
    {
        Dataflow flow = new(Job);
        flow.Source("numbers", source).Select(static n => $"{n}").Sink("out", new ModelSink(table));
        return flow.Build();
    }

    DurableOptions Options(Action<string>? tell = null) => StoredJob.Options(_store, new StartFrom.Unsaid()) with
    {
        Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20) },
        AskLeader = (_, _) => new(_answer),
        Takeover = new() { LookEvery = TimeSpan.FromMilliseconds(5), BackoffMax = TimeSpan.FromMilliseconds(5) },
        Tell = line =>
        {
            _told.Enqueue(line);
            tell?.Invoke(line);
        },
    };

    async Task FinishAsync()
    {
        DurableOptions durable = Options() with { Endpoint = "memory://first", Leader = "first" };
        JobResult result = await EmbeddedCluster.StartDurable(Graph(new(100, heldAt: -1), new()), Surroundings, durable).Completion;
        Assert.Equal(JobEnding.Finished, result.Ending);
    }

    /// <summary>Another process claims the job, and does no more.</summary>
    async Task LedByAnotherAsync()
    {
        LedgerOptions options = new() { Leader = "another", Endpoint = "memory://there" };
        LedgerOpening opening = await Ledger.OpenAsync(_store.Under(Job), new LedgerKeys(""), Job, NonceSource.FromSystem().NextName(), TimeProvider.System, options, Cancelled);
        await ((LedgerOpening.Leads)opening).Ledger.DisposeAsync();
    }
}
