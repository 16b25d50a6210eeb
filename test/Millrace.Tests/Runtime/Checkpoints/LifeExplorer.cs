using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>
/// Explores, breadth first, the lives of one job: processes that claim the ledger, take up what is owed, deploy tasks, take checkpoints of them, commit for
/// sinks, let retention delete, gather savepoints, restart, stop, finish, are cancelled, crash and are overtaken, with replies that get lost. Every decision is the real
/// function's: <see cref="LedgerMachine"/>, <see cref="CheckpointMachine"/>, <see cref="CheckpointDecision"/>, <see cref="UnrecordedDeeds"/>, <see cref="ToldTransactions"/>,
/// <see cref="Retention"/>, <see cref="StartDecision"/>, <see cref="JobMachine"/>, <see cref="RestartState"/>. What carries them out is modelled as thin as it is there: one step is one effect
/// that others could see, and whatever runs side by side in the coordinator takes steps in any order.
/// </summary>
sealed partial class LifeExplorer(LifeBounds bounds, LifeMutation mutation = LifeMutation.None, bool keepsPaths = false)
{
    static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly LedgerKeys Keys = new("");

    readonly Exploration<LifeWorld> _exploration = new();
    readonly Dictionary<SnapshotReference, SnapshotManifest> _manifests = [];
    readonly SortedDictionary<string, long> _seen = new(StringComparer.Ordinal);
    ExploredLeader _leaders = null!;

    public int States => _exploration.States;

    public bool IsComplete => _exploration.IsComplete;

    /// <summary>How often things happened, so that it shows when a model does nothing.</summary>
    public IReadOnlyDictionary<string, long> Seen => _seen;

    /// <summary>How the broken state was reached, if paths were kept.</summary>
    public IEnumerable<string> Path
    {
        get
        {
            List<string> steps = [];
            for (LifeWorld? at = _exploration.Found; at is not null; at = at.Before) steps.Add(at.Did);
            return Enumerable.Reverse(steps);
        }
    }

    /// <summary>The first broken invariant; null when none can be.</summary>
    public string? Explore()
    {
        _leaders = new(Step);
        LifeWorld start = new() { Processes = [NewProcess(0, 0), NewProcess(1, 0) with { Stage = LifeStage.Idle }], Budget = new(bounds) };
        return _exploration.Run(start, Successors, bounds.StatesMax);
    }

    IEnumerable<LifeWorld> Successors(LifeWorld world)
    {
        // Breaks in the machines themselves are findings, and the path to them is the world before.
        List<LifeWorld> all = [];
        try
        {
            bool isQuiet = world.Ledger.Late.IsEmpty;
            foreach (LifeProcess process in world.Processes)
            {
                int before = all.Count;
                all.AddRange(Progress(world, process));
                isQuiet &= all.Count == before;
            }

            all.AddRange(Mishaps(world));
            if (isQuiet && Unfinished(world) is { } unfinished) all.Add(world with { Broken = unfinished });
        }
        catch (Exception e) when (e is InvariantBrokenException or System.Diagnostics.UnreachableException or LedgerCorruptException or InvalidOperationException)
        {
            all.Add(world with { Broken = $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(static l => l.Contains("Explorer", StringComparison.Ordinal))}" });
        }

        return keepsPaths ? all.Select(next => next with { Before = world }) : all;
    }

    /// <summary>What a process does by itself.</summary>
    IEnumerable<LifeWorld> Progress(LifeWorld world, LifeProcess process)
    {
        int i = process.Index;
        if (process.Stage is LifeStage.Idle or LifeStage.Over) return [];
        if (process.Stage == LifeStage.Running || process.Stage == LifeStage.Closing) return [.. Ask(world, i), .. Tasks(world, i)];
        return [.. Ask(world, i), .. process.Leader.MayAct ? Take(world, i) : []];
    }

    /// <summary>The request to the store that is under way, answered.</summary>
    IEnumerable<LifeWorld> Ask(LifeWorld world, int i)
    {
        if (LedgerMachine.Request(world.Processes[i].Leader) is { } request) yield return Deliver(world, i, request, isAnswered: true, isDelayed: false);
    }

    /// <summary>What the world does to processes.</summary>
    IEnumerable<LifeWorld> Mishaps(LifeWorld world)
    {
        LifeBudget left = world.Budget;
        for (int i = 0; i < world.Ledger.Late.Length; i++) yield return world with { Ledger = world.Ledger.Arrive(i), Did = "a create arrives late" };
        foreach (LifeProcess process in world.Processes)
        {
            bool isAlive = process.Stage is not (LifeStage.Idle or LifeStage.Over);
            if (LedgerMachine.Request(process.Leader) is { } request && isAlive && left.Replies > 0)
            {
                LifeWorld faulty = world with { Budget = left with { Replies = left.Replies - 1 } };
                yield return Deliver(faulty, process.Index, request, isAnswered: false, isDelayed: false);
                if (request is LedgerRequest.CreateEntry or LedgerRequest.CreateTerm) yield return Deliver(faulty, process.Index, request, isAnswered: false, isDelayed: true);
            }

            if (isAlive && left.Crashes > 0)
                yield return (world with { Budget = left with { Crashes = left.Crashes - 1 } }).With(Over(process)) with { Did = $"process {process.Index} crashes" };
            // Whoever is down is started again; the second process may be started at any time.
            if (!isAlive && left.Claims > 0)
                yield return (world with { Budget = left with { Claims = left.Claims - 1 } }).With(NewProcess(process.Index, bounds.Claims - left.Claims)) with { Did = $"process {process.Index} is started" };
            if (process.Stage == LifeStage.Running) foreach (LifeWorld next in Troubles(world, process.Index)) yield return next;
        }
    }

    LifeWorld Deliver(LifeWorld world, int i, LedgerRequest request, bool isAnswered, bool isDelayed)
    {
        (LedgerReply reply, UInt128 said, ExploredStore ledger) = world.Ledger.Ask(request, isDelayed);
        LifeProcess process = world.Processes[i];
        if (!isAnswered) (reply, said) = (LedgerMachine.Unanswered, ExploredLeader.Said(nameof(LedgerReply.Unknown)));
        LeaderState leader = _leaders.Step(process.Leader, reply, said, i);
        world = (world with { Ledger = ledger }).With(process with { Leader = leader });
        if (keepsPaths) world = world with { Did = $"process {i}: {request.GetType().Name} is answered {reply.GetType().Name}{(isDelayed ? ", arrives later" : "")}: {leader.Phase.GetType().Name}" };
        if (leader.Phase is LeaderPhase.Refused refused) return world with { Broken = $"a process refuses a store that lost nothing: {refused.Why}" };
        if (!leader.MayAct && LedgerMachine.Request(leader) is null)
        {
            Count("overtaken");
            return world.With(Over(process));
        }

        world = Early(world, i, process.Leader, leader);
        if (world.Broken is not null || !leader.MayAct) return world;
        world = Report(world, i);
        return world.Broken is null ? Led(world, i) : world;
    }

    /// <summary>What a process was waiting for is committed.</summary>
    LifeWorld Led(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i] with { Turn = LifeTurn.None };
        LifeTurn turn = world.Processes[i].Turn;
        world = world.With(process);
        return process.Stage is LifeStage.Running or LifeStage.Closing ? Recorded(world, i, turn) : Taken(world, i, turn);
    }

    /// <summary>Begins an entry of process <paramref name="i"/>.</summary>
    LifeWorld Append(LifeWorld world, int i, LifeTurn turn, IReadOnlyList<LedgerEvent> events)
    {
        LifeProcess process = world.Processes[i];
        UInt128 what = 0;
        foreach (LedgerEvent e in events) what = Fingerprints.Mix(what, Said(e));
        return world.With(process with { Leader = _leaders.Append(process.Leader, events, what), Turn = turn });
    }

    static UInt128 Said(LedgerEvent e) => Fingerprints.Of(e switch
    {
        LedgerEvent.TransactionsSettled settled => $"settled {string.Join(',', settled.Transactions.Select(static t => t.Id))}",
        LedgerEvent.Swept swept => $"swept {string.Join(',', swept.Keys)}",
        LedgerEvent.Doomed doomed => $"doomed {string.Join(',', doomed.Snapshots.Select(static s => s.Id))} {string.Join(',', doomed.Keys)}",
        LedgerEvent.CheckpointCommitted c => $"committed {c.Snapshot.Sha256} {string.Join(',', c.Prepared.Select(static t => t.Id))} {c.Kind} {c.IsStop} {c.IsFinal}",
        LedgerEvent.SavepointTaken taken => $"taken {taken.Snapshot.Sha256}",
        LedgerEvent.AttemptBegun begun => $"begun {begun.RestoredFrom?.Sha256}",
        var other => other.GetType().Name,
    });

    static LifeProcess Over(LifeProcess process) => new(process.Index, process.Leader, LifeStage.Over);

    static LifeProcess NewProcess(int i, int claim) =>
        new(i, LedgerMachine.Begin(new TermClaim(0, $"p{i}", "", $"{claim:x32}", Day), Keys, "job", default), LifeStage.Opening);

    void Count(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;
}
