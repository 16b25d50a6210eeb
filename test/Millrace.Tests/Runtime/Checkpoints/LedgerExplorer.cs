using Millrace.Runtime.Checkpoints;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>
/// Explores, breadth first, everything that two processes can do to one ledger: each claims, takes over, begins an attempt, prepares a
/// transaction, commits a checkpoint that owns it and dooms the one before, deletes the entries of the terms it has accepted, and may roll
/// its term, with answers that get lost and creates and deletions that arrive late. The decisions are those of <see cref="LedgerMachine"/> and <see cref="PruneMachine"/>; the store and the sinks are modelled here.
/// </summary>
sealed partial class LedgerExplorer(Mutation mutation, int claimsMax, int faultsMax, Play play, int statesMax = int.MaxValue)
{
    static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly LedgerKeys Keys = new("");
    static readonly TypeSchema Schema = new(new SchemaType.Scalar("int32"), []);

    readonly Exploration<World> _exploration = new();
    ExploredLeader _leaders = null!;

    public int States => _exploration.States;

    public int Leaders { get; private set; }

    public int Pruned { get; private set; }

    public int Reads { get; private set; }

    /// <summary>The first broken invariant; null when none can be.</summary>
    public string? Explore()
    {
        _leaders = new(Step);
        World start = new() { Processes = [NewProcess(0, 0, default), NewProcess(1, 1, default)], Claims = 2, CanRead = play.HasFlag(Play.Reader), CanExpire = play.HasFlag(Play.Expiry) };
        try
        {
            return _exploration.Run(start, Successors, statesMax);
        }
        catch (LedgerCorruptException e)
        {
            return $"a leader cannot follow the history: {e.Message}";
        }
    }

    IEnumerable<World> Successors(World world)
    {
        for (int i = 0; i < world.Processes.Length; i++)
        {
            Process process = world.Processes[i];
            if (LedgerMachine.Request(process.Leader) is { } request)
            {
                yield return Deliver(world, i, request, isAnswered: true, isDelayed: false);
                if (world.Faults < faultsMax)
                {
                    World faulty = world with { Faults = world.Faults + 1 };
                    yield return Deliver(faulty, i, request, isAnswered: false, isDelayed: false);
                    if (request is LedgerRequest.CreateEntry or LedgerRequest.CreateTerm) yield return Deliver(faulty, i, request, isAnswered: false, isDelayed: true);
                }
            }

            // What was fenced or outrun is started again; the second process may also crash, at any time.
            bool isOver = IsOver(process.Leader);
            if (play.HasFlag(Play.Rolls) && process.Stage == 4 && process.Leader.MayAct && world.Claims < claimsMax)
                yield return world.With(i, process with { Leader = LedgerMachine.Roll(process.Leader, Day), Stage = 5 }) with { Claims = world.Claims + 1 };
            if ((isOver || i == 1) && world.Claims < claimsMax) yield return world.With(i, NewProcess(i, world.Claims, HintOf(world), NewestOf(world))) with { Claims = world.Claims + 1 };
        }

        for (int i = 0; i < world.Store.Late.Length; i++) yield return world with { Store = world.Store.Arrive(i) };
        if (world.CanRead) yield return world with { CanRead = false, Reader = new Process(LedgerMachine.BeginReading(Keys, "job", world.Head), 0), ReadSince = world.Reported };
        if (world.Reader is not null) yield return Read(world, world.Reader);
        for (int i = 0; i < world.Actions.Count; i++) yield return Act(world with { Actions = world.Actions.Without(world.Actions[i].Hash) }, world.Actions[i]);
        if (world.CanExpire && world.Head.Term > 0) yield return Expire(world);
    }

    static bool IsOver(LeaderState leader) => !leader.MayAct && LedgerMachine.Request(leader) is null;

    World Deliver(World world, int i, LedgerRequest request, bool isAnswered, bool isDelayed)
    {
        (LedgerReply reply, UInt128 said, ExploredStore store) = Answer(world, request, isDelayed);
        world = world with { Store = store };
        Process process = world.Processes[i];
        if (!isAnswered) (reply, said) = (LedgerMachine.Unanswered, ExploredLeader.Said(nameof(LedgerReply.Unknown)));
        LeaderState leader = _leaders.Step(process.Leader, reply, said, i);
        if (leader.Phase is LeaderPhase.Refused refused && IsLossless) return world with { Broken = $"a process refuses a store that lost nothing: {refused.Why}" };
        if (leader.Phase is LeaderPhase.Outrun && leader.Term <= process.Newest)
            return world with { Broken = $"a process was outrun by term {leader.Term}, which was there before it began to look: however often it looks, it never leads" };
        world = world.With(i, process with { Leader = leader, Pruning = IsOver(leader) ? null : process.Pruning });
        world = Early(world, i, process.Leader, leader);
        return leader.MayAct && !process.Leader.MayAct ? Lead(world, i) : world;
    }

    (LedgerReply, UInt128, ExploredStore) Answer(World world, LedgerRequest request, bool isDelayed)
    {
        (LedgerReply reply, UInt128 said, ExploredStore store) = world.Store.Ask(request, isDelayed);
        if (reply is not LedgerReply.Missing || request is not LedgerRequest.ReadEntry read || !play.HasFlag(Play.Hints)) return (reply, said, store);
        // What was read ahead may have been deleted since.
        long beyond = Enumerable.Range((int)read.Sequence + 1, 6).FirstOrDefault(s => Keys.Entry(read.Term, s) is var key && (world.Store.Find(key) is not null || world.Pruned.Has(key)));
        return (new LedgerReply.Missing(beyond), Fingerprints.Mix(said, beyond), store);
    }

    /// <summary>One request of the reader. What it has read in the end must not be older than what was reported before it began.</summary>
    World Read(World world, Process reader)
    {
        (LedgerReply reply, UInt128 said, _) = Answer(world, LedgerMachine.Request(reader.Leader)!, isDelayed: false);
        LeaderState next = _leaders.Step(reader.Leader, reply, said, -1);
        if (LedgerMachine.Request(next) is not null) return world with { Reader = new Process(next, 0) };
        Reads++;
        bool isStale = world.ReadSince is { } since && (next.Tip is not { } tip || !_leaders.IsAncestor(since, tip.Sha256));
        string? broken = isStale ? $"a reader ends at {next.Tip}, though more was reported before it began"
            : next.Phase is LeaderPhase.Read || !IsLossless ? null
            : $"the reader ends as {next.Phase}";
        return world with { Reader = null, ReadSince = null, Broken = broken };
    }

    /// <summary>
    /// A leader whose entry 0 is committed sends deletions, which arrive whenever they do. That it asks again before each batch is left out:
    /// the fewer it may send, the less can break.
    /// </summary>
    World Prune(World world, int i, LeaderState leader)
    {
        if (!play.HasFlag(Play.Pruning)) return world;
        if (mutation == Mutation.DeleteOpening) return Plan(world, DeedKind.Prune, [Keys.Entry(leader.Term, 0)]);
        Process process = world.Processes[i];
        PruneProgress progress = Advance(world, process.Pruning)?.Progress ?? PruneProgress.None;
        Pruning pruning = new(leader, progress);
        world = world.With(i, process with { Leader = leader, Pruning = pruning });
        if (pruning.Batch is not { } batch) return world;
        return Plan(world, DeedKind.Prune, batch.Keys(Keys).Where(key => !world.Pruned.Has(key)));
    }

    static Pruning? Advance(World world, Pruning? pruning) => pruning?.Batch is { } batch && batch.Keys(Keys).All(key => world.Pruned.Has(key))
        ? new Pruning(pruning.Leader, pruning.Progress.After(batch))
        : pruning;

    World Plan(World world, DeedKind kind, IEnumerable<string> things) => play.HasFlag(kind == DeedKind.Prune ? Play.Pruning : Play.Sinks)
        ? world with { Actions = things.Select(what => new Deed(kind, what)).Aggregate(world.Actions, static (all, deed) => all.With(deed, deed.Hash)) }
        : world;

    /// <summary>Whether nothing is lost in this exploration, so that nobody may say so.</summary>
    bool IsLossless => !play.HasFlag(Play.Expiry);

    /// <summary>A process may act: what it was waiting for is committed, and it goes on with its life.</summary>
    World Lead(World world, int i)
    {
        Process process = world.Processes[i];
        LeaderState leader = process.Leader;
        world = Report(world, leader);
        if (world.Broken is not null) return world;
        Leaders++;
        world = Prune(world, i, leader);
        switch (process.Stage)
        {
            case 0:
                world = Plan(world, DeedKind.Commit, leader.Job.Owed.Select(static owed => owed.Id));
                if (mutation == Mutation.AbortBeforeRestore) world = Plan(world, DeedKind.Abort, Strange(world, leader.Job));
                LedgerEvent.AttemptBegun begun = new(leader.Job.Timeline, leader.Job.Latest?.Snapshot, [], []);
                return Append(world, i, leader.Job.Timeline.Length > 0 ? [begun] :
                    [new LedgerEvent.TimelineBegun("t", new StartToken("", ""), new TimelineOrigin.Nothing()), begun with { Timeline = "t" }]);
            case 1:
                world = Plan(world, DeedKind.Abort, mutation == Mutation.AbortOwed ? world.Prepared.Items : Strange(world, leader.Job));
                string id = $"tx{leader.Term}";
                world = world with { Prepared = world.Prepared.Add(id) };
                return Append(world, i, Checkpoint(leader, id));
            case 2 when play.HasFlag(Play.FourEntries):
                world = Done(world, leader);
                string second = $"tx{leader.Term}b";
                world = world with { Prepared = world.Prepared.Add(second) };
                return Append(world, i, Checkpoint(leader, second));
            case 2 or 3:
                return Done(world, leader).With(i, world.Processes[i] with { Stage = 4 });
            default: return world;
        }
    }

    /// <summary>A checkpoint counts: what it owes is committed, and what it dooms deleted.</summary>
    World Done(World world, LeaderState leader) =>
        Plan(Plan(world, DeedKind.Commit, leader.Job.Owed.Select(static owed => owed.Id)), DeedKind.Delete, leader.Job.Doomed);

    static LedgerEvent[] Checkpoint(LeaderState leader, string id)
    {
        SnapshotReference snapshot = new(leader.Job.NextCheckpoint, leader.Job.Attempt!.Value, SnapshotKeys.Manifest(leader.Job.NextCheckpoint, leader.Job.Attempt.Value), LedgerEntry.None);
        var committed = new LedgerEvent.CheckpointCommitted(snapshot, SnapshotKind.Checkpoint, Day, Timestamp.None, 0, [], [new OwedTransaction("sink", id, Schema, default, id)]);
        return leader.Job.Latest is { } old ? [committed, new LedgerEvent.Doomed([old.Snapshot], [old.Snapshot.Key])] : [committed];
    }

    World Append(World world, int i, LedgerEvent[] events)
    {
        Process process = world.Processes[i];
        Pruning? pruning = Advance(world, process.Pruning);
        LedgerEvent[] pruned = [.. pruning?.Progress.Events(process.Leader.Job) ?? []];
        UInt128 what = Fingerprints.Of(string.Join(',', events.Select(static e => e.GetType().Name)) + string.Join(',', pruned.Select(static e => e.ToString())));   // the rest follows from the process
        LeaderState leader = _leaders.Append(process.Leader, [.. events, .. pruned], what);
        return world.With(i, process with { Leader = leader, Stage = process.Stage + 1, Pruning = pruning });
    }

    /// <summary>Transactions that no checkpoint of the accepted history owns: nobody settles here, so all that are owned are owed.</summary>
    static IEnumerable<string> Strange(World world, LedgerState job) => world.Prepared.Items.Except(job.Owed.Select(static owed => owed.Id));

    World Report(World world, LeaderState leader)
    {
        string tip = leader.Tip!.Sha256;
        if (world.Reported is { } last && !_leaders.IsAncestor(last, tip)) return world with { Broken = $"term {leader.Term} reported {leader.Tip}, whose history lacks an entry that was reported before" };
        if (Forgotten(world, leader) is { } forgotten) return world with { Broken = $"term {leader.Term} leads, and nobody remembers to delete {forgotten}" };
        if (_leaders.Forgotten(leader) is { } lost) return world with { Broken = $"term {leader.Term} leads at {leader.Tip}, and has forgotten {lost}" };
        LedgerHead head = play.HasFlag(Play.Hints) || play.HasFlag(Play.Expiry) ? new(leader.Term, leader.Tip.Sequence) : default;
        world = world with { Reported = tip, Retained = [.. leader.Job.Retained.Select(static r => r.Snapshot.Key)], Head = head };
        return RequireRetained(world);
    }

    /// <summary>An entry of the history that is superfluous, was not deleted, and is not on the list of what is to be.</summary>
    string? Forgotten(World world, LeaderState leader)
    {
        foreach (LedgerEntry entry in _leaders.History(leader.Tip!.Sha256))
        {
            if (entry.Term == leader.Term || entry.Sequence == 0 || world.Pruned.Has(Keys.Entry(entry.Term, entry.Sequence))) continue;
            if (!leader.Job.Superseded.Any(s => s.Term == entry.Term && s.Tail >= entry.Sequence)) return Keys.Entry(entry.Term, entry.Sequence);
        }

        return null;
    }

    World Act(World world, Deed deed)
    {
        if (deed.Kind != DeedKind.Prune) return ActOutside(world, deed);
        Pruned++;
        return world with { Store = world.Store.Without(deed.What), Pruned = world.Pruned.Add(deed.What) };
    }

    World ActOutside(World world, Deed deed) => deed.Kind switch
    {
        DeedKind.Commit when world.Aborted.Has(deed.What) => world with { Broken = $"{deed.What} was aborted and is committed" },
        DeedKind.Commit when !Owns(world, deed.What) => world with { Broken = $"{deed.What} is committed, and no entry that counts owns it" },
        DeedKind.Abort when world.Committed.Has(deed.What) => world with { Broken = $"{deed.What} was committed and is aborted" },
        DeedKind.Abort when Owns(world, deed.What) => world with { Broken = $"{deed.What} is aborted, and an entry that counts owns it" },
        DeedKind.Abort when !IsRestored(world, deed.What) => world with { Broken = $"{deed.What} is aborted, and no restore that lacks it was recorded" },
        DeedKind.Commit => world with { Committed = world.Committed.Add(deed.What) },
        DeedKind.Abort => world with { Aborted = world.Aborted.Add(deed.What) },
        _ => RequireRetained(world with { Deleted = world.Deleted.Add(deed.What) }),
    };

    /// <summary>Whether an entry that counts owns a transaction.</summary>
    bool Owns(World world, string transaction) => world.Reported is { } tip
        && _leaders.History(tip).SelectMany(static e => e.Events).OfType<LedgerEvent.CheckpointCommitted>().Any(c => c.Prepared.Any(p => p.Id == transaction));

    /// <summary>Whether a deployment after the one that prepared a transaction was begun by an entry that counts.</summary>
    bool IsRestored(World world, string transaction) => world.Reported is { } tip
        && _leaders.History(tip).Any(e => e.Term > TermOf(transaction) && e.Events.Any(static o => o is LedgerEvent.AttemptBegun));

    static long TermOf(string transaction) => long.Parse(transaction.Trim('t', 'x', 'b'), System.Globalization.CultureInfo.InvariantCulture);

    static World RequireRetained(World world) =>
        world.Retained.FirstOrDefault(key => world.Deleted.Has(key)) is { } gone ? world with { Broken = $"{gone} is retained and was deleted" } : world;

    /// <summary>A rule of the bucket deletes all but what was just written, and whoever is started after that looks.</summary>
    World Expire(World world)
    {
        ExploredStore store = world.Store.Names.ToArray().Aggregate(world.Store with { Late = [] }, static (all, name) => all.Without(name));
        return world with { Store = store, CanExpire = false, Processes = [NewProcess(0, world.Claims, HintOf(world)), NewProcess(1, world.Claims + 1, HintOf(world))], Claims = world.Claims + 2 };
    }

    LedgerHead HintOf(World world) => mutation == Mutation.HintIgnored ? default : world.Head;

    static long NewestOf(World world)
    {
        long newest = 0;
        while (world.Store.Find(Keys.Term(newest + 1)) is not null) newest++;
        return newest;
    }

    Process NewProcess(int i, int claim, LedgerHead hint, long newest = 0)
    {
        TermClaim claimed = mutation == Mutation.ClaimWithoutNonce ? new(0, "p", "", $"{0:x32}", Day) : new(0, $"p{i}", "", $"{claim:x32}", Day);
        return new(LedgerMachine.Begin(claimed, Keys, "job", hint), 0) { Newest = newest };
    }
}
