using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class CheckpointMachineTests
{
    CheckpointState _state = CheckpointMachine.Begin(new CheckpointOptions { Interval = Seconds(10), Timeout = Seconds(60), ToleratedFailures = 1 }, 5);
    ImmutableArray<CheckpointEffect> _effects;

    [Fact]
    public void TimePassed_BeforeTasksRun_TriggersNothing()
    {
        At(1000);

        Assert.Empty(_effects);
        Assert.Equal(TimeSpan.MaxValue, CheckpointMachine.NextWake(_state));
    }

    [Fact]
    public void TimePassed_IntervalOver_TriggersWithTheNextId()
    {
        Run();
        Assert.Equal(Seconds(10), CheckpointMachine.NextWake(_state));
        At(9);
        Assert.Empty(_effects);

        At(10);

        Barrier barrier = Triggered();
        Assert.Equal(new Barrier(5, 0, Alignment.Aligned, Seconds(1), false, false, false), barrier);
        At(30);
        Assert.Empty(_effects);   // one at a time
        Assert.Equal(Seconds(70), CheckpointMachine.NextWake(_state));
    }

    [Fact]
    public void Collected_AllWorkers_CompletesConfirmsAndGoesOn()
    {
        Run(workers: 2);
        At(10);
        Collect(11, 0, 5);
        Assert.Empty(_effects);
        Collect(12, 0, 5);   // the same worker again
        Assert.Empty(_effects);

        Collect(13, 1, 5);
        Assert.Equal(2, Assert.IsType<CheckpointEffect.Complete>(Assert.Single(_effects)).Attempt.Collected.Count);
        Step(new CheckpointEvent.Committed(Seconds(25), 5, []));

        Assert.Equal(5, Assert.IsType<CheckpointEffect.Confirm>(_effects[0]).Attempt.Id);
        Assert.Equal((6L, 5L), (Triggered().Id, Triggered().Confirmed));   // the interval had passed meanwhile
    }

    [Fact]
    public void Committed_WornPacks_AreToldOnceAndInTurn()
    {
        Run();
        long[] told = [.. new long[][] { [2, 3], [2, 3], [2, 3], [], [4] }.Select((worn, i) => Told(10 * (i + 1), 5 + i, worn))];

        Assert.Equal([2, 3, 2, 0, 4], told);

        long Told(int seconds, long id, long[] worn)
        {
            At(seconds);
            Collect(seconds + 1, 0, id);
            Step(new CheckpointEvent.Committed(Seconds(seconds + 2), id, worn));
            At(seconds + 10);
            return Triggered().Worn;
        }
    }

    [Fact]
    public void Committed_WornPacks_AreNotForASavepointWhichIsWholeAnyway()
    {
        Run();
        At(10);
        Collect(11, 0, 5);
        Step(new CheckpointEvent.Committed(Seconds(12), 5, [2]));
        Step(new CheckpointEvent.Asked(Seconds(13), new CheckpointRequest(1, CheckpointPurpose.Savepoint)));

        Assert.Equal(0, Triggered().Worn);
        Assert.Equal([2], _state.Worn);
    }

    [Fact]
    public void Committed_MinPause_IsKept()
    {
        _state = _state with { Options = _state.Options with { MinPause = Seconds(7) } };
        Run();
        At(10);
        Collect(20, 0, 5);
        Step(new CheckpointEvent.Committed(Seconds(21), 5, []));
        Assert.DoesNotContain(_effects, e => e is CheckpointEffect.Trigger);
        Assert.Equal(Seconds(28), CheckpointMachine.NextWake(_state));

        At(28);

        Assert.Equal(6, Triggered().Id);
    }

    [Fact]
    public void TimePassed_Timeout_AbortsDiscardsAndTolerates()
    {
        Run(workers: 2);
        At(10);
        WorkerSnapshot part = Collect(11, 1, 5);

        At(70);

        Assert.Contains("1 of 2 workers", _effects.OfType<CheckpointEffect.Abort>().Single().Why, StringComparison.Ordinal);
        Assert.Same(part, _effects.OfType<CheckpointEffect.Discard>().Single().Snapshot);
        Assert.Empty(_effects.OfType<CheckpointEffect.FailTasks>());
        Assert.Equal(6, Triggered().Id);
        Collect(71, 0, 5);   // late
        Assert.IsType<CheckpointEffect.Discard>(Assert.Single(_effects));
    }

    [Fact]
    public void Declined_MoreOftenThanTolerated_FailsTheTasks()
    {
        Run();
        At(10);
        Step(new CheckpointEvent.Declined(Seconds(11), new SnapshotDeclined(5, "totals", "disk full")));
        Assert.Empty(_effects.OfType<CheckpointEffect.FailTasks>());
        At(20);

        Step(new CheckpointEvent.Declined(Seconds(21), new SnapshotDeclined(6, null, "disk full")));

        Assert.Contains("2 in a row", _effects.OfType<CheckpointEffect.FailTasks>().Single().Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Committed_BetweenFailures_ResetsTheCount()
    {
        Run();
        At(10);
        Step(new CheckpointEvent.Declined(Seconds(11), new SnapshotDeclined(5, null, "x")));
        At(20);
        Collect(21, 0, 6);
        Step(new CheckpointEvent.Committed(Seconds(22), 6, []));
        At(30);

        Step(new CheckpointEvent.Declined(Seconds(31), new SnapshotDeclined(7, null, "x")));

        Assert.Empty(_effects.OfType<CheckpointEffect.FailTasks>());
    }

    [Fact]
    public void CommitFailed_PartsAreDiscardedAndItCounts()
    {
        Run();
        At(10);
        Collect(11, 0, 5);

        Step(new CheckpointEvent.CommitFailed(Seconds(12), 5, "no store"));

        Assert.Equal(1, _state.Failures);
        Assert.Single(_effects.OfType<CheckpointEffect.Discard>());
        Assert.Null(_state.Completing);
    }

    [Fact]
    public void Asked_Savepoint_ComesFirstAlignedAndWhole()
    {
        _state = _state with { Options = _state.Options with { Alignment = Alignment.Unaligned } };
        Run();
        Ask(1, CheckpointPurpose.Savepoint);

        Assert.Equal(new Barrier(5, 0, Alignment.Aligned, Timeout.InfiniteTimeSpan, false, false, true), Triggered());
    }

    [Fact]
    public void Asked_WhileOneIsUnderWay_Waits()
    {
        Run();
        At(10);
        Ask(11, CheckpointPurpose.Manual);
        Assert.Empty(_effects);
        Collect(12, 0, 5);

        Step(new CheckpointEvent.Committed(Seconds(13), 5, []));

        Assert.Equal(6, Triggered().Id);
        Assert.Equal(CheckpointPurpose.Manual, _state.InFlight[0].Purpose);
    }

    [Fact]
    public void Asked_Stop_EndsSourcesAndNothingFollows()
    {
        Run();
        Ask(1, CheckpointPurpose.Stop);
        Assert.True(Triggered() is { IsStop: true, IsSavepoint: true });
        At(50);
        Ask(51, CheckpointPurpose.Manual);
        Assert.Equal("the job is ending", Assert.IsType<CheckpointEffect.Refuse>(Assert.Single(_effects)).Why);
        Collect(52, 0, 5);
        Step(new CheckpointEvent.Committed(Seconds(53), 5, []));

        At(100);

        Assert.Empty(_effects);
    }

    [Fact]
    public void Asked_StopFails_FailsTheTasks()
    {
        Run();
        Ask(1, CheckpointPurpose.Stop);

        Step(new CheckpointEvent.Declined(Seconds(2), new SnapshotDeclined(5, null, "x")));

        Assert.Single(_effects.OfType<CheckpointEffect.FailTasks>());
    }

    [Fact]
    public void Asked_StopWithDrain_SendsABarrierThatDrainsAndStops()
    {
        Run();
        Ask(1, CheckpointPurpose.Stop, isDrain: true);

        Assert.Equal(new Barrier(5, 0, Alignment.Aligned, Timeout.InfiniteTimeSpan, IsStop: true, IsDrain: true, IsSavepoint: true), Triggered());
    }

    [Fact]
    public void TasksFinished_FinalCheckpoint_IsTakenAtOnceAndAgainIfItFails()
    {
        Run();
        Step(new CheckpointEvent.TasksFinished(Seconds(1)));
        Assert.Equal(CheckpointPurpose.Final, _state.InFlight[0].Purpose);

        Step(new CheckpointEvent.Declined(Seconds(2), new SnapshotDeclined(5, null, "x")));
        Assert.Equal(6, Triggered().Id);
        Collect(3, 0, 6);
        Step(new CheckpointEvent.Committed(Seconds(4), 6, []));
        At(100);

        Assert.Empty(_effects);
    }

    [Fact]
    public void Committed_LaterOneFirst_SupersedesTheOlder()
    {
        _state = _state with { Options = _state.Options with { MaxConcurrent = 2 } };
        Run(workers: 2);
        Ask(1, CheckpointPurpose.Manual);
        Collect(2, 0, 5);
        At(11);
        Collect(12, 0, 6);
        Collect(13, 1, 6);
        Assert.IsType<CheckpointEffect.Complete>(Assert.Single(_effects));

        Step(new CheckpointEvent.Committed(Seconds(14), 6, []));

        Assert.Contains("superseded by checkpoint 6", _effects.OfType<CheckpointEffect.Abort>().Single().Why, StringComparison.Ordinal);
        Assert.Single(_effects.OfType<CheckpointEffect.Discard>());
        Assert.Equal(6, _effects.OfType<CheckpointEffect.Supersede>().Single().Id);
        Assert.Equal(0, _state.Failures);
    }

    [Fact]
    public void Collected_LaterThanAnOpenSavepoint_WaitsForIt()
    {
        _state = _state with { Options = _state.Options with { MaxConcurrent = 2 } };
        Run();
        Ask(1, CheckpointPurpose.Savepoint);
        At(11);

        Collect(12, 0, 6);
        Assert.Empty(_effects);
        Collect(13, 0, 5);
        Assert.Equal(5, _effects.OfType<CheckpointEffect.Complete>().Single().Attempt.Id);
        Step(new CheckpointEvent.Committed(Seconds(14), 5, []));

        Assert.Equal(6, _effects.OfType<CheckpointEffect.Complete>().Single().Attempt.Id);
    }

    [Fact]
    public void Collected_CommittedOneAgain_IsNotThrownAway()
    {
        Run();
        At(10);
        Collect(11, 0, 5);
        Step(new CheckpointEvent.Committed(Seconds(12), 5, []));

        Collect(13, 0, 5);

        Assert.Empty(_effects);
    }

    [Fact]
    public void TasksGone_RefusesAndDiscards()
    {
        Run(workers: 2);
        Ask(1, CheckpointPurpose.Savepoint);
        Ask(1, CheckpointPurpose.Manual);
        Collect(2, 0, 5);

        Step(new CheckpointEvent.TasksGone(Seconds(3), "a task failed"));

        Assert.Equal(2, _effects.OfType<CheckpointEffect.Refuse>().Count());
        Assert.Single(_effects.OfType<CheckpointEffect.Discard>());
        Assert.Equal(TimeSpan.MaxValue, CheckpointMachine.NextWake(_state));
    }

    [Fact]
    public void Options_OutOfRange_AreNamed()
    {
        CheckpointOptions valid = new();
        CheckpointOptions[] invalid =
        [
            valid with { Interval = TimeSpan.Zero }, valid with { MinPause = -Seconds(1) }, valid with { Timeout = TimeSpan.Zero }, valid with { ToleratedFailures = -1 },
            valid with { MaxConcurrent = 9 }, valid with { Retained = 0 }, valid with { Alignment = (Alignment)9 }, valid with { AlignTimeout = TimeSpan.Zero },
        ];

        valid.Validated();
        (valid with { AlignTimeout = Timeout.InfiniteTimeSpan }).Validated();
        Assert.All(invalid, options => Assert.Throws<ArgumentException>(options.Validated));
    }

    [Fact]
    public void Step_AnyOrderOfEvents_KeepsItsPromises()
    {
        for (int seed = 0; seed < 300; seed++) RandomLife(seed);
    }

    static void RandomLife(int seed)
    {
        var random = new Random(seed);
        CheckpointState state = CheckpointMachine.Begin(new CheckpointOptions { Interval = Seconds(5), Timeout = Seconds(20), MaxConcurrent = 1 + random.Next(3), ToleratedFailures = 1_000 }, 1);
        long confirmed = 0, ticket = 0;
        HashSet<long> triggered = [], ended = [];
        for (int now = 0; now < 200; now++)
        {
            long[] open = [.. triggered.Except(ended)];
            long some = open.Length > 0 ? open[random.Next(open.Length)] : 1_000;
            CheckpointEvent e = random.Next(9) switch
            {
                0 when state.Workers == 0 => new CheckpointEvent.TasksRun(Seconds(now), 2),
                1 => new CheckpointEvent.Asked(Seconds(now), new CheckpointRequest(++ticket, random.Next(2) == 0 ? CheckpointPurpose.Manual : CheckpointPurpose.Savepoint)),
                2 or 3 or 4 => new CheckpointEvent.Collected(Seconds(now), random.Next(2), Part(some)),
                5 when random.Next(4) == 0 => new CheckpointEvent.Declined(Seconds(now), new SnapshotDeclined(some, null, "x")),
                6 or 7 when state.Completing is { } id => random.Next(5) == 0 ? new CheckpointEvent.CommitFailed(Seconds(now), id, "x") : new CheckpointEvent.Committed(Seconds(now), id, []),
                _ => new CheckpointEvent.TimePassed(Seconds(now)),
            };
            (state, ImmutableArray<CheckpointEffect> effects) = CheckpointMachine.Step(state, e);
            Assert.True(effects.OfType<CheckpointEffect.Complete>().Count() <= 1);
            foreach (CheckpointEffect effect in effects)
            {
                if (effect is CheckpointEffect.Trigger trigger) Assert.True(triggered.Add(trigger.Attempt.Id) && trigger.Attempt.Barrier.Confirmed == confirmed);
                if (effect is CheckpointEffect.Abort abort) Assert.True(ended.Add(abort.Id));
                if (effect is not CheckpointEffect.Confirm confirm) continue;
                Assert.True(confirm.Attempt.Id > confirmed && ended.Add(confirm.Attempt.Id), $"seed {seed}");
                confirmed = confirm.Attempt.Id;
            }

            Assert.True(state.InFlight.Length <= state.Options.MaxConcurrent);
            Assert.Equal(triggered.Except(ended).Order(), state.InFlight.Select(attempt => attempt.Id));
        }
    }

    void Run(int workers = 1) => Step(new CheckpointEvent.TasksRun(TimeSpan.Zero, workers));

    void At(int seconds) => Step(new CheckpointEvent.TimePassed(Seconds(seconds)));

    void Ask(int seconds, CheckpointPurpose purpose, bool isDrain = false) =>
        Step(new CheckpointEvent.Asked(Seconds(seconds), new CheckpointRequest(seconds, purpose, IsDrain: isDrain)));

    WorkerSnapshot Collect(int seconds, int worker, long id)
    {
        WorkerSnapshot part = Part(id);
        Step(new CheckpointEvent.Collected(Seconds(seconds), worker, part));
        return part;
    }

    Barrier Triggered() => _effects.OfType<CheckpointEffect.Trigger>().Single().Attempt.Barrier;

    void Step(CheckpointEvent e) => (_state, _effects) = CheckpointMachine.Step(_state, e);

    static WorkerSnapshot Part(long id) => new(id, [], []);

    static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
