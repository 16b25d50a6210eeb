using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>A rule of the protocol that is broken on purpose, to see that it is missed.</summary>
enum Mutation
{
    None,

    /// <summary>Rule 1: the second process claims a term though the one before it is not there.</summary>
    ClaimLeavesGap,

    /// <summary>Rule 2: the past is accepted up to entry 0 only, not to the tail.</summary>
    AcceptShort,

    /// <summary>Rule 2: the highest term with an entry 0 is passed over.</summary>
    AcceptLower,

    /// <summary>Rules 2 and 5: no look for a later term.</summary>
    NoCheck,

    /// <summary>Rule 5: an unanswered look counts as none found.</summary>
    UnknownIsNone,

    /// <summary>Rule 6: what is there already counts as one's own.</summary>
    ExistsIsOurs,

    /// <summary>Rule 6: after no answer other bytes are sent, and whatever is there counts as one's own.</summary>
    OtherBytes,

    /// <summary>Rule 8: a transaction is committed as soon as its entry is there, before the check.</summary>
    CommitEarly,

    /// <summary>Rule 8: transactions are aborted before the takeover is certain.</summary>
    AbortEarly,

    /// <summary>Rule 18: what an entry dooms is deleted before the check.</summary>
    DeleteEarly,

    /// <summary>Rule 19: a claim of an older term is deleted.</summary>
    DeleteTerm,

    /// <summary>Rule 19: entries of the term before are deleted before the own entry 0 is there.</summary>
    DeleteEntries,

    /// <summary>Rule 19: they are deleted when the own entry 0 is there, before the check.</summary>
    PruneEarly,

    /// <summary>Rule 18: entry 0 does not say which entries are still to be deleted.</summary>
    ForgetPruning,

    /// <summary>A reader at the end of an older term does not look again whether the newest has begun.</summary>
    ReadOnce,

    /// <summary>An entry that is gone is taken for lost, though a later leader may have deleted it.</summary>
    DeletedIsLost,

    /// <summary>Where an entry is gone that was there once, nobody asks whether a later leader has deleted it.</summary>
    GapIsLost,
}

/// <summary>What is explored together. Everything at once has too many states for a test.</summary>
[Flags]
enum Play
{
    /// <summary>Transactions are committed and aborted, and what is doomed is deleted.</summary>
    Sinks = 1,

    /// <summary>Entries of superseded terms are deleted.</summary>
    Pruning = 2,

    /// <summary>Leaders may roll their term.</summary>
    Rolls = 4,

    /// <summary>A reader may read once, at any time.</summary>
    Reader = 8,

    /// <summary>A term has a fourth entry: a second checkpoint, in which the first is doomed.</summary>
    FourEntries = 16,

    /// <summary>HEAD names the newest entry that was reported, and reads ahead tell of what was ever there beyond a gap: all that may make a process suspect a loss.</summary>
    Hints = 32,
}

/// <summary>
/// Explores, breadth first, everything that two processes can do to one ledger: each claims, takes over, begins an attempt, prepares a
/// transaction, commits a checkpoint that owns it and dooms the one before, deletes the entries of the terms it has accepted, and may roll
/// its term, with answers that get lost and creates and deletions that arrive late. The decisions are those of <see cref="LedgerMachine"/> and <see cref="PruneMachine"/>; the store and the sinks are modelled here.
/// </summary>
sealed class LedgerExplorer(Mutation mutation, int claimsMax, int faultsMax, Play play, int statesMax = int.MaxValue)
{
    static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly LedgerKeys Keys = new("");
    static readonly TypeSchema Schema = new(new SchemaType.Scalar("int32"), []);

    readonly HashSet<UInt128> _seen = [];
    readonly Dictionary<string, LedgerEntry> _entries = [];

    // The machine is a pure function and works on real bytes, which cost time: what it said once it need not say again.
    readonly Dictionary<(UInt128 Process, UInt128 Reply), LeaderState> _steps = [];
    readonly Dictionary<(UInt128 Process, UInt128 Events), LeaderState> _appends = [];

    public int States => _seen.Count;

    public int Leaders { get; private set; }

    public int Pruned { get; private set; }

    public int Reads { get; private set; }

    /// <summary>The first broken invariant; null when none can be.</summary>
    public string? Explore()
    {
        var queue = new Queue<World>();
        World start = new() { Processes = [NewProcess(0, 0), NewProcess(1, 1)], Claims = 2, CanRead = play.HasFlag(Play.Reader) };
        _seen.Add(start.Fingerprint());
        queue.Enqueue(start);
        // Breadth first: with a bound, everything that takes up to so many steps.
        while (_seen.Count < statesMax && queue.TryDequeue(out World? world))
        {
            try
            {
                foreach (World next in Successors(world))
                {
                    if (next.Broken is { } broken) return broken;
                    if (_seen.Add(next.Fingerprint())) queue.Enqueue(next);
                }
            }
            catch (LedgerCorruptException e)
            {
                return $"a leader cannot follow the history: {e.Message}";
            }
        }

        return null;
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
                yield return world.With(i, new Process(LedgerMachine.Roll(process.Leader, Day), 5, process.Pruning)) with { Claims = world.Claims + 1 };
            if ((isOver || i == 1) && world.Claims < claimsMax)
            {
                yield return world.With(i, NewProcess(i, world.Claims, world.Head)) with { Claims = world.Claims + 1 };
            }
        }

        for (int i = 0; i < world.Late.Length; i++)
            yield return CreateIfAbsent(world, world.Late[i].Key, world.Late[i].Blob) with { Late = world.Late.RemoveAt(i) };
        if (world.CanRead) yield return world with { CanRead = false, Reader = new Process(LedgerMachine.BeginReading(Keys, "job", world.Head), 0), ReadSince = world.Reported };
        if (world.Reader is not null) yield return Read(world, world.Reader);
        for (int i = 0; i < world.Actions.Count; i++) yield return Act(world with { Actions = world.Actions.Without(world.Actions[i].Hash) }, world.Actions[i]);
    }

    static bool IsOver(LeaderState leader) => !leader.MayAct && LedgerMachine.Request(leader) is null;

    World Deliver(World world, int i, LedgerRequest request, bool isAnswered, bool isDelayed)
    {
        (LedgerReply reply, world) = Execute(world, request, isDelayed);
        Process process = world.Processes[i];
        if (!isAnswered) reply = LedgerMachine.Unanswered;
        UInt128 said = reply is LedgerReply.Found && world.Store.TryGetValue(KeyOf(request), out Blob? blob) ? blob.Hash : Fingerprints.Of($"{reply}");
        if (!_steps.TryGetValue((process.Key, said), out LeaderState? leader)) _steps.Add((process.Key, said), leader = Step(process.Leader, reply, i));
        if (leader.Phase is LeaderPhase.Refused refused && IsLossless) return world with { Broken = $"a process refuses a store that lost nothing: {refused.Why}" };
        world = world.With(i, new Process(leader, process.Stage, IsOver(leader) ? null : process.Pruning));
        world = Early(world, i, process.Leader, leader);
        return leader.MayAct && !process.Leader.MayAct ? Lead(world, i) : world;
    }

    /// <summary>One request of the reader. What it has read in the end must not be older than what was reported before it began.</summary>
    World Read(World world, Process reader)
    {
        LedgerRequest request = LedgerMachine.Request(reader.Leader)!;
        (LedgerReply reply, world) = Execute(world, request, isDelayed: false);
        UInt128 said = reply is LedgerReply.Found ? world.Store[KeyOf(request)].Hash : Fingerprints.Of($"{reply}");
        if (!_steps.TryGetValue((reader.Key, said), out LeaderState? next)) _steps.Add((reader.Key, said), next = Step(reader.Leader, reply, -1));
        if (LedgerMachine.Request(next) is not null) return world with { Reader = new Process(next, 0) };
        Reads++;
        bool isStale = world.ReadSince is { } since && (next.Tip is not { } tip || !IsAncestor(since, tip.Sha256));
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
        Process process = world.Processes[i];
        PruneProgress progress = Advance(world, process.Pruning)?.Progress ?? PruneProgress.None;
        Pruning pruning = new(leader, progress);
        world = world.With(i, new Process(leader, process.Stage, pruning));
        return pruning.Batch is { } batch ? Plan(world, DeedKind.Prune, batch.Keys(Keys).Where(key => !world.Pruned.Has(key))) : world;
    }

    static Pruning? Advance(World world, Pruning? pruning) => pruning?.Batch is { } batch && batch.Keys(Keys).All(key => world.Pruned.Has(key))
        ? new Pruning(pruning.Leader, pruning.Progress.After(batch))
        : pruning;

    World Plan(World world, DeedKind kind, IEnumerable<string> things) => play.HasFlag(kind == DeedKind.Prune ? Play.Pruning : Play.Sinks)
        ? world with { Actions = things.Select(what => new Deed(kind, what)).Aggregate(world.Actions, static (all, deed) => all.With(deed, deed.Hash)) }
        : world;

    /// <summary>Whether nothing is lost in this exploration, so that nobody may say so.</summary>
    bool IsLossless => mutation is Mutation.None or Mutation.DeletedIsLost or Mutation.GapIsLost;

    (LedgerReply Reply, World World) Execute(World world, LedgerRequest request, bool isDelayed)
    {
        switch (request)
        {
            case LedgerRequest.ReadTerm read: return (Read(world, Keys.Term(read.Term)), world);
            case LedgerRequest.ReadEntry read: return (ReadEntry(world, read), world);
            case LedgerRequest.CreateTerm create: return Create(world, Keys.Term(create.Object.Claim.Term), new Blob(create.Object.Bytes, create.Object.Sha256), isDelayed);
            case LedgerRequest.CreateEntry create:
                _entries[create.Object.Sha256] = create.Object.Entry;
                return Create(world, Keys.Entry(create.Object.Entry.Term, create.Object.Entry.Sequence), new Blob(create.Object.Bytes, create.Object.Sha256), isDelayed);
            default: throw new InvalidOperationException();
        }
    }

    static string KeyOf(LedgerRequest request) => request switch
    {
        LedgerRequest.ReadTerm read => Keys.Term(read.Term),
        LedgerRequest.ReadEntry read => Keys.Entry(read.Term, read.Sequence),
        _ => "",
    };

    static LedgerReply Read(World world, string key) => world.Store.TryGetValue(key, out Blob? blob) ? new LedgerReply.Found(blob.Bytes) : new LedgerReply.Missing();

    LedgerReply ReadEntry(World world, LedgerRequest.ReadEntry read)
    {
        LedgerReply reply = Read(world, Keys.Entry(read.Term, read.Sequence));
        if (reply is LedgerReply.Found || !play.HasFlag(Play.Hints)) return reply;
        // What was read ahead may have been deleted since.
        long[] beyond = [.. Enumerable.Range((int)read.Sequence + 1, 6).Where(s => Keys.Entry(read.Term, s) is var key && (world.Store.ContainsKey(key) || world.Pruned.Has(key)))];
        return new LedgerReply.Missing(beyond.FirstOrDefault());
    }

    static (LedgerReply, World) Create(World world, string key, Blob blob, bool isDelayed)
    {
        if (isDelayed) return (LedgerMachine.Unanswered, world with { Late = world.Late.Add((key, blob)) });
        LedgerReply reply = world.Store.ContainsKey(key) ? new LedgerReply.Exists() : new LedgerReply.Created();
        return (reply, CreateIfAbsent(world, key, blob));
    }

    static World CreateIfAbsent(World world, string key, Blob blob) => world.Store.ContainsKey(key) ? world : world with
    {
        Store = world.Store.Add(key, blob),
        StoreHash = world.StoreHash ^ Fingerprints.Mix(Fingerprints.Of(key), blob.Hash),
    };

    static World Remove(World world, string key) => !world.Store.TryGetValue(key, out Blob? blob) ? world : world with
    {
        Store = world.Store.Remove(key),
        StoreHash = world.StoreHash ^ Fingerprints.Mix(Fingerprints.Of(key), blob.Hash),
    };

    /// <summary>The real step, with the mutated rule taken out by twisting replies and requests on their way.</summary>
    LeaderState Step(LeaderState leader, LedgerReply reply, int i)
    {
        if (mutation == Mutation.UnknownIsNone && leader.Phase is LeaderPhase.Checking && reply is LedgerReply.Unknown) reply = new LedgerReply.Missing();
        if (mutation == Mutation.AcceptLower && leader.Phase is LeaderPhase.Walking { Term: > 1 }) reply = new LedgerReply.Missing();
        if (mutation == Mutation.OtherBytes && leader.Phase is LeaderPhase.Appending { Entry.Entry.Sequence: > 0 } appending && reply is LedgerReply.Unknown)
            return leader with { Phase = new LeaderPhase.Appending(SealedEntry.Of(appending.Entry.Entry with { At = Day.AddDays(1) })) };
        LeaderState next = LedgerMachine.Step(leader, reply);
        bool isTwisted = (mutation, next.Phase) switch
        {
            (Mutation.AcceptShort, LeaderPhase.Following) => true,
            (Mutation.NoCheck, LeaderPhase.Checking) => true,
            (Mutation.ReadOnce, LeaderPhase.LookingAgain { Doubt: null }) => true,
            (Mutation.DeletedIsLost, LeaderPhase.Missing) => true,
            (Mutation.GapIsLost, LeaderPhase.Doubting) => true,
            _ => false,
        };
        if (isTwisted) return LedgerMachine.Step(next, new LedgerReply.Missing());
        return (mutation, next.Phase) switch
        {
            (Mutation.ClaimLeavesGap, LeaderPhase.Claiming claiming) when i == 1 && leader.Phase is LeaderPhase.Finding => Skip(next, claiming.Claim.Claim),
            (Mutation.ForgetPruning, LeaderPhase.Appending { Entry.Entry: { Sequence: 0, Events: [LedgerEvent.Opening opening] } entry }) =>
                next with { Phase = new LeaderPhase.Appending(SealedEntry.Of(entry with { Events = [opening with { State = opening.State with { Superseded = [] } }] })) },
            (Mutation.ExistsIsOurs, LeaderPhase.ComparingClaim c) => LedgerMachine.Step(next, new LedgerReply.Found(c.Claim.Bytes)),
            (Mutation.ExistsIsOurs or Mutation.OtherBytes, LeaderPhase.ComparingEntry c) => LedgerMachine.Step(next, new LedgerReply.Found(c.Entry.Bytes)),
            _ => next,
        };
    }

    static LeaderState Skip(LeaderState leader, TermClaim claim)
    {
        claim = claim with { Term = claim.Term + 1 };
        return leader with { Term = claim.Term, Claim = claim, Phase = new LeaderPhase.Claiming(SealedClaim.Of(claim)) };
    }

    /// <summary>What a process does too early, when a rule is taken out.</summary>
    World Early(World world, int i, LeaderState before, LeaderState after)
    {
        bool isThere = before.Phase is LeaderPhase.Appending && after.Phase is LeaderPhase.Checking;
        SealedEntry? entry = (after.Phase as LeaderPhase.Checking)?.Entry;
        if (mutation == Mutation.CommitEarly && isThere) world = Plan(world, DeedKind.Commit, entry!.Entry.Events.OfType<LedgerEvent.CheckpointCommitted>().SelectMany(c => c.Prepared).Select(t => t.Id));
        if (mutation == Mutation.DeleteEarly && isThere) world = Plan(world, DeedKind.Delete, entry!.Entry.Events.OfType<LedgerEvent.Doomed>().SelectMany(d => d.Keys));
        if (mutation == Mutation.AbortEarly && before.Phase is LeaderPhase.Walking or LeaderPhase.Following && after.Phase is LeaderPhase.Appending && mutation == Mutation.AbortEarly)
            world = Plan(world, DeedKind.Abort, Strange(world, after.Job));
        if (mutation == Mutation.DeleteEntries && before.Phase is LeaderPhase.Following && after.Phase is LeaderPhase.Appending)
            world = world.Store.Keys.Where(key => key.StartsWith($"ledger/{before.Tip!.Term}/", StringComparison.Ordinal) && !key.EndsWith("/0", StringComparison.Ordinal)).ToArray().Aggregate(world, Remove);
        if (mutation == Mutation.PruneEarly && isThere && entry!.Entry.Events is [LedgerEvent.Opening opening])
            world = Plan(world, DeedKind.Prune, opening.State.Superseded.SelectMany(s => new PruneBatch(after.Term, s.Term, 1, s.Tail).Keys(Keys)));
        if (mutation == Mutation.DeleteTerm && isThere && after.Term > 2 && entry!.Entry.Sequence == 0) world = Remove(world, Keys.Term(after.Term - 1));
        return world;
    }

    /// <summary>A process may act: what it was waiting for is committed, and it goes on with its life.</summary>
    World Lead(World world, int i)
    {
        Process process = world.Processes[i];
        LeaderState leader = process.Leader;
        world = Report(world, leader);
        if (world.Broken is not null) return world;
        Leaders++;
        world = Prune(world, i, leader);
        process = world.Processes[i];
        switch (process.Stage)
        {
            case 0:
                world = Plan(world, DeedKind.Commit, leader.Job.Owed.Select(owed => owed.Id));
                LedgerEvent.AttemptBegun begun = new(leader.Job.Timeline, leader.Job.Latest?.Snapshot, [], []);
                return Append(world, i, leader.Job.Timeline.Length > 0 ? [begun] :
                    [new LedgerEvent.TimelineBegun("t", new StartToken("", ""), new TimelineOrigin.Nothing()), begun with { Timeline = "t" }]);
            case 1:
                world = Plan(world, DeedKind.Abort, Strange(world, leader.Job));
                string id = $"tx{leader.Term}";
                world = world with { Prepared = world.Prepared.Add(id) };
                return Append(world, i, Checkpoint(leader, id));
            case 2 when play.HasFlag(Play.FourEntries):
                world = Done(world, leader);
                string second = $"tx{leader.Term}b";
                world = world with { Prepared = world.Prepared.Add(second) };
                return Append(world, i, Checkpoint(leader, second));
            case 2 or 3:
                return Done(world, leader).With(i, new Process(leader, 4, process.Pruning));
            default: return world;
        }
    }

    /// <summary>A checkpoint counts: what it owes is committed, and what it dooms deleted.</summary>
    World Done(World world, LeaderState leader) =>
        Plan(Plan(world, DeedKind.Commit, leader.Job.Owed.Select(owed => owed.Id)), DeedKind.Delete, leader.Job.Doomed);

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
        UInt128 what = Fingerprints.Of(string.Join(',', events.Select(e => e.GetType().Name)) + string.Join(',', pruned.Select(e => e.ToString())));   // the rest follows from the process
        if (!_appends.TryGetValue((process.Key, what), out LeaderState? leader))
            _appends.Add((process.Key, what), leader = LedgerMachine.Append(process.Leader, [.. events, .. pruned], Day));
        return world.With(i, new Process(leader, process.Stage + 1, pruning));
    }

    /// <summary>Transactions that no checkpoint of the accepted history owns: nobody settles here, so all that are owned are owed.</summary>
    static IEnumerable<string> Strange(World world, LedgerState job) => world.Prepared.Items.Except(job.Owed.Select(owed => owed.Id));

    World Report(World world, LeaderState leader)
    {
        string tip = leader.Tip!.Sha256;
        if (world.Reported is { } last && !IsAncestor(last, tip)) return world with { Broken = $"term {leader.Term} reported {leader.Tip}, whose history lacks an entry that was reported before" };
        if (Forgotten(world, leader) is { } forgotten) return world with { Broken = $"term {leader.Term} leads, and nobody remembers to delete {forgotten}" };
        LedgerHead head = play.HasFlag(Play.Hints) ? new(leader.Term, leader.Tip.Sequence) : default;
        world = world with { Reported = tip, Head = head, Retained = [.. leader.Job.Retained.Select(r => r.Snapshot.Key)] };
        return RequireRetained(world);
    }

    bool IsAncestor(string older, string newer)
    {
        for (string at = newer; at != LedgerEntry.None; at = _entries[at].Previous)
        {
            if (at == older) return true;
        }

        return false;
    }

    /// <summary>An entry of the history that is superfluous, was not deleted, and is not on the list of what is to be.</summary>
    string? Forgotten(World world, LeaderState leader)
    {
        for (string at = leader.Tip!.Sha256; at != LedgerEntry.None; at = _entries[at].Previous)
        {
            LedgerEntry entry = _entries[at];
            if (entry.Term == leader.Term || entry.Sequence == 0 || world.Pruned.Has(Keys.Entry(entry.Term, entry.Sequence))) continue;
            if (!leader.Job.Superseded.Any(s => s.Term == entry.Term && s.Tail >= entry.Sequence)) return Keys.Entry(entry.Term, entry.Sequence);
        }

        return null;
    }

    World Act(World world, Deed deed)
    {
        if (deed.Kind != DeedKind.Prune) return ActOutside(world, deed);
        Pruned++;
        return Remove(world, deed.What) with { Pruned = world.Pruned.Add(deed.What) };
    }

    static World ActOutside(World world, Deed deed) => deed.Kind switch
    {
        DeedKind.Commit when world.Aborted.Has(deed.What) => world with { Broken = $"{deed.What} was aborted and is committed" },
        DeedKind.Abort when world.Committed.Has(deed.What) => world with { Broken = $"{deed.What} was committed and is aborted" },
        DeedKind.Commit => world with { Committed = world.Committed.Add(deed.What) },
        DeedKind.Abort => world with { Aborted = world.Aborted.Add(deed.What) },
        _ => RequireRetained(world with { Deleted = world.Deleted.Add(deed.What) }),
    };

    static World RequireRetained(World world) =>
        world.Retained.FirstOrDefault(key => world.Deleted.Has(key)) is { } gone ? world with { Broken = $"{gone} is retained and was deleted" } : world;

    static Process NewProcess(int i, int claim, LedgerHead hint = default) =>
        new(LedgerMachine.Begin(new TermClaim(0, $"p{i}", "", $"{claim:x32}", Day), Keys, "job", hint), 0);

    enum DeedKind
    {
        Commit,
        Abort,
        Delete,
        Prune,
    }

    sealed record Deed(DeedKind Kind, string What)
    {
        public UInt128 Hash { get; } = Fingerprints.Mix(Fingerprints.Of(What), (long)Kind);
    }

    sealed record Blob(ReadOnlyMemory<byte> Bytes, string Sha256)
    {
        public UInt128 Hash { get; } = Fingerprints.Of(Sha256);
    }

    /// <summary>How far a leader is with deleting entries.</summary>
    /// <param name="Leader">What it knew when it last had nothing under way.</param>
    /// <param name="Progress">What is deleted.</param>
    sealed record Pruning(LeaderState Leader, PruneProgress Progress)
    {
        public PruneBatch? Batch { get; } = PruneMachine.Next(Leader, Progress);

        /// <summary>Tells apart what differs, beside the process itself.</summary>
        public UInt128 Key { get; } = Fingerprints.Of(string.Join(',', Leader.Job.Superseded.Select(s => $"{s.Term}:{s.Tail}:{Progress.Left(s)}")));
    }

    sealed record Process(LeaderState Leader, int Stage, Pruning? Pruning = null)
    {
        // Leaders come from steps that are remembered, so the same one comes again and again.
        static readonly ConditionalWeakTable<LeaderState, StrongBox<UInt128>> s_keys = [];

        /// <summary>Tells apart what differs: the history behind the tip follows from its hash.</summary>
        public UInt128 Key { get; } = Fingerprints.Mix(s_keys.GetValue(Leader, static leader => new(Fingerprints.Of(Text(leader)))).Value, Stage);

        static string Text(LeaderState leader) => $"{leader.Term}/{leader.Claim?.Leader}{leader.Claim?.Nonce[^2..]}/{leader.Tip?.Sha256}/{leader.Hint.Term}.{leader.Hint.Sequence}/" + leader.Phase switch
        {
            LeaderPhase.Finding f => $"f{f.Search.Low},{f.Search.High},{f.Search.Step},{f.Search.Hint}",
            LeaderPhase.Walking w => $"w{w.Term}",
            LeaderPhase.Appending a => $"a{a.Entry.Sha256}",
            LeaderPhase.ComparingEntry c => $"c{c.Entry.Sha256}",
            LeaderPhase.Checking k => $"k{k.Entry?.Sha256}",
            LeaderPhase.LookingAgain l => $"l{l.Doubt}",
            LeaderPhase.Doubting d => $"d{d.Because}",
            var phase => phase.GetType().Name,
        };
    }

    sealed record World
    {
        public required ImmutableArray<Process> Processes { get; init; }

        public ImmutableSortedDictionary<string, Blob> Store { get; init; } = ImmutableSortedDictionary<string, Blob>.Empty;

        /// <summary>That of what is in it.</summary>
        public UInt128 StoreHash { get; init; }

        public ImmutableArray<(string Key, Blob Blob)> Late { get; init; } = [];

        public ExploredSet<Deed> Actions { get; init; } = ExploredSet<Deed>.Empty;

        public ExploredSet<string> Prepared { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Committed { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Aborted { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Deleted { get; init; } = ExploredSet<string>.Empty;

        public ImmutableArray<string> Retained { get; init; } = [];

        public ExploredSet<string> Pruned { get; init; } = ExploredSet<string>.Empty;

        public bool CanRead { get; init; }

        public Process? Reader { get; init; }

        /// <summary>What was reported when the reader began.</summary>
        public string? ReadSince { get; init; }

        public string? Reported { get; init; }

        /// <summary>That of what was reported.</summary>
        public LedgerHead Head { get; init; }

        public string? Broken { get; init; }

        public int Claims { get; init; }

        public int Faults { get; init; }

        public World With(int i, Process process) => this with { Processes = Processes.SetItem(i, process) };

        public UInt128 Fingerprint()
        {
            UInt128 late = 0;
            foreach ((string key, Blob blob) in Late) late += Fingerprints.Mix(Fingerprints.Of(key), blob.Hash);
            UInt128 all = Fingerprints.Mix(StoreHash, late);
            foreach (Process process in Processes) all = Fingerprints.Mix(Fingerprints.Mix(all, process.Key), process.Pruning?.Key ?? 1);
            foreach (UInt128 part in (ReadOnlySpan<UInt128>)[Actions.Hash, Prepared.Hash, Committed.Hash, Aborted.Hash, Deleted.Hash, Pruned.Hash]) all = Fingerprints.Mix(all, part);
            all = Fingerprints.Mix(all, Reader?.Key ?? (CanRead ? 2 : (UInt128)1));
            all = Fingerprints.Mix(all, ReadSince is null ? 1 : Fingerprints.Of(ReadSince));
            all = Fingerprints.Mix(all, Reported is null ? 1 : Fingerprints.Of(Reported));
            return Fingerprints.Mix(all, (Claims * 100) + Faults);
        }
    }
}
