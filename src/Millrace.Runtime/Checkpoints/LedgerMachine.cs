using System.Diagnostics;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// How a process comes to lead a job, and how it commits: a pure function from what it knows and the store's reply to what it knows and
/// asks next. One request is under way at a time; an unanswered one is asked again, the same.
/// <code>
/// Finding -> Claiming -> Walking -> Following -> Appending(entry 0) -> Checking -> Leading
///                |                                                         |        |   ^
///                +-> Outrun                             Fenced &lt;-----------+        v   |
///                                                          ^-------- Checking &lt;- Appending(entry n)
/// </code>
/// A reader goes Finding -> Walking -> Following -> Checking -> Read, and looks again before the check when it followed an older term.
/// Where an entry is not there that was once, whoever follows goes to Doubting: a later leader may have deleted it, or the store lost it.
/// </summary>
public static class LedgerMachine
{
    static readonly LedgerReply.Unknown s_unknown = new();

    /// <summary>Begins to lead.</summary>
    /// <param name="claim">The claim; its term is found out.</param>
    /// <param name="keys">The names of objects.</param>
    /// <param name="job">The name of the job.</param>
    /// <param name="hint">What <c>HEAD</c> names; the default for nothing. It may be old; what it names was committed.</param>
    /// <param name="seen">The newest term when it was decided to lead, 0 for none: whoever has claimed one since is not fenced (rule 3). Null to fence whoever leads.</param>
    public static LeaderState Begin(TermClaim claim, LedgerKeys keys, string job, LedgerHead hint, long? seen = null) =>
        BeginReading(keys, job, hint) with { Claim = claim, Seen = seen };

    /// <summary>Begins to read, without any right to write.</summary>
    public static LeaderState BeginReading(LedgerKeys keys, string job, LedgerHead hint) => new()
    {
        Phase = new LeaderPhase.Finding(TipSearch.From(hint.Term)),
        Hint = hint,
        Keys = keys,
        Job = LedgerFold.NewJob(job),
    };

    /// <summary>Begins to append an entry.</summary>
    /// <param name="state">Leading.</param>
    /// <param name="events">What happened; the caller has checked that it can follow.</param>
    /// <param name="at">When.</param>
    public static LeaderState Append(LeaderState state, IReadOnlyList<LedgerEvent> events, DateTimeOffset at)
    {
        Invariant.That(state.MayAct, "only who leads, and has settled the entry before, appends");
        LedgerPosition tip = state.Tip!;
        var entry = new LedgerEntry(state.Term, tip.Sequence + 1, tip.Sha256, state.Claim!.Nonce, at, events);
        Invariant.That(LedgerFold.Problem(state.Job, entry) is null, LedgerFold.Problem(state.Job, entry) ?? "the entry follows");
        return state with { Phase = new LeaderPhase.Appending(SealedEntry.Of(entry)) };
    }

    /// <summary>Begins to claim the next term, to keep chains short. The leader goes on as its own successor.</summary>
    public static LeaderState Roll(LeaderState state, DateTimeOffset at)
    {
        Invariant.That(state.MayAct, "only who leads rolls its term");
        return Claim(state with { Claim = state.Claim! with { ClaimedAt = at } });
    }

    /// <summary>Begins to ask whether it still leads.</summary>
    public static LeaderState Check(LeaderState state)
    {
        Invariant.That(state.MayAct, "only who leads asks whether it does");
        return state with { Phase = new LeaderPhase.Checking(null) };
    }

    /// <summary>What to ask the store now; null when nothing is under way.</summary>
    public static LedgerRequest? Request(LeaderState state) => state.Phase switch
    {
        LeaderPhase.Finding finding => new LedgerRequest.ReadTerm(finding.Search.Probe ?? throw new UnreachableException("a search that is over is left")),
        LeaderPhase.Claiming claiming => new LedgerRequest.CreateTerm(claiming.Claim),
        LeaderPhase.ComparingClaim comparing => new LedgerRequest.ReadTerm(comparing.Claim.Claim.Term),
        LeaderPhase.Walking walking => new LedgerRequest.ReadEntry(walking.Term, 0),
        LeaderPhase.Following => new LedgerRequest.ReadEntry(state.Tip!.Term, state.Tip.Sequence + 1),
        LeaderPhase.Appending appending => new LedgerRequest.CreateEntry(appending.Entry),
        LeaderPhase.ComparingEntry comparing => new LedgerRequest.ReadEntry(comparing.Entry.Entry.Term, comparing.Entry.Entry.Sequence),
        LeaderPhase.LookingAgain => new LedgerRequest.ReadEntry(state.Term, 0),
        LeaderPhase.Checking or LeaderPhase.Missing or LeaderPhase.Doubting => new LedgerRequest.ReadTerm(state.Term + 1),
        _ => null,
    };

    /// <summary>What follows from the store's reply to <see cref="Request"/>.</summary>
    public static LeaderState Step(LeaderState state, LedgerReply reply) => (state.Phase, reply) switch
    {
        // Unknown is neither yes nor no: the same request again, with the same bytes.
        (_, LedgerReply.Unknown) => state,

        (LeaderPhase.Finding finding, LedgerReply.Found or LedgerReply.Missing) => Find(state, finding.Search, reply is LedgerReply.Found),

        (LeaderPhase.Claiming, LedgerReply.Created) => Walk(state, state.Term - 1),
        (LeaderPhase.Claiming claiming, LedgerReply.Exists) => state with { Phase = new LeaderPhase.ComparingClaim(claiming.Claim) },
        (LeaderPhase.ComparingClaim comparing, LedgerReply.Found found) when LedgerEntry.Hash(found.Bytes.Span) == comparing.Claim.Sha256 => Walk(state, state.Term - 1),
        (LeaderPhase.ComparingClaim, LedgerReply.Found found) => Outrun(state, found.Bytes),
        (LeaderPhase.ComparingClaim, LedgerReply.Missing) => Refuse(state, state.Keys.Term(state.Term)),

        // An entry 0 that is named was committed, and is never deleted.
        (LeaderPhase.Walking walking, LedgerReply.Missing) when walking.Term == state.Hint.Term => Lose(state, walking.Term, 0, HintNames(state)),
        (LeaderPhase.Walking walking, LedgerReply.Missing { Beyond: > 0 } gap) => Lose(state, walking.Term, 0, IsThere(state, walking.Term, gap.Beyond)),
        (LeaderPhase.Walking walking, LedgerReply.Missing) => Walk(state, walking.Term - 1),
        (LeaderPhase.Walking walking, LedgerReply.Found found) => Follow(state, walking.Term, 0, found.Bytes),
        (LeaderPhase.Following, LedgerReply.Found found) => Follow(state, state.Tip!.Term, state.Tip.Sequence + 1, found.Bytes),
        (LeaderPhase.Following, LedgerReply.Missing) when IsBelowHint(state) => Doubt(state, HintNames(state)),
        (LeaderPhase.Following, LedgerReply.Missing { Beyond: > 0 } gap) => Doubt(state, IsThere(state, state.Tip!.Term, gap.Beyond)),
        (LeaderPhase.Following, LedgerReply.Missing) => AtTail(state),

        (LeaderPhase.Appending appending, LedgerReply.Created) => state with { Phase = new LeaderPhase.Checking(appending.Entry) },
        (LeaderPhase.Appending appending, LedgerReply.Exists) => state with { Phase = new LeaderPhase.ComparingEntry(appending.Entry) },
        (LeaderPhase.ComparingEntry comparing, LedgerReply.Found found) when LedgerEntry.Hash(found.Bytes.Span) == comparing.Entry.Sha256 =>
            state with { Phase = new LeaderPhase.Checking(comparing.Entry) },
        // Nobody but the holder of the term writes there, and what is sent is never changed.
        (LeaderPhase.ComparingEntry comparing, LedgerReply.Found) => state with { Phase = new LeaderPhase.Refused(
            $"{state.Keys.Entry(state.Term, comparing.Entry.Entry.Sequence)} was written by somebody else; is another program writing to this folder?") },
        // Who accepted it may have deleted it since; nobody deletes an entry 0.
        (LeaderPhase.ComparingEntry { Entry.Entry.Sequence: > 0 } comparing, LedgerReply.Missing) => state with { Phase = new LeaderPhase.Missing(comparing.Entry) },
        (LeaderPhase.ComparingEntry comparing, LedgerReply.Missing) => Refuse(state, state.Keys.Entry(state.Term, comparing.Entry.Entry.Sequence)),

        (LeaderPhase.Missing, LedgerReply.Found) => state with { Phase = new LeaderPhase.Fenced(state.Term + 1) },
        (LeaderPhase.Missing missing, LedgerReply.Missing) => Refuse(state, state.Keys.Entry(state.Term, missing.Entry.Entry.Sequence)),

        (LeaderPhase.LookingAgain, LedgerReply.Found found) => Follow(state, state.Term, 0, found.Bytes),
        (LeaderPhase.LookingAgain { Doubt: { } doubt }, LedgerReply.Missing) => state with { Phase = new LeaderPhase.Doubting(doubt) },
        (LeaderPhase.LookingAgain, LedgerReply.Missing) => state with { Phase = new LeaderPhase.Checking(null) },

        (LeaderPhase.Doubting, LedgerReply.Found) => Overtaken(state),
        (LeaderPhase.Doubting doubting, LedgerReply.Missing) => Lose(state, state.Tip!.Term, state.Tip.Sequence + 1, doubting.Because),

        (LeaderPhase.Checking checking, LedgerReply.Missing) => Pass(state, checking.Entry),
        (LeaderPhase.Checking, LedgerReply.Found) => Overtaken(state),

        _ => throw new UnreachableException($"a process that is {state.Phase.GetType().Name} cannot get {reply.GetType().Name}"),
    };

    /// <summary>A reply that settles nothing.</summary>
    public static LedgerReply Unanswered => s_unknown;

    static LeaderState Find(LeaderState state, TipSearch search, bool exists)
    {
        long probed = search.Probe!.Value;
        TipSearch? next = search.After(probed, exists);
        if (next is null) return Refuse(state, state.Keys.Term(probed), $"{state.Keys.Head} names it");
        if (next.Probe is not null) return state with { Phase = new LeaderPhase.Finding(next) };
        state = state with { Term = next.Low };
        if (state.Claim is null) return Walk(state, state.Term);
        if (state.Term > (state.Seen ?? state.Term)) return state with { Phase = new LeaderPhase.ComparingClaim(SealedClaim.Of(state.Claim with { Term = state.Term })) };
        // The term below exists, it was seen: a claim never leaves a gap.
        return Claim(state);
    }

    static LeaderState Claim(LeaderState state)
    {
        TermClaim claim = state.Claim! with { Term = state.Term + 1 };
        return state with { Claim = claim, Term = claim.Term, Phase = new LeaderPhase.Claiming(SealedClaim.Of(claim)) };
    }

    static LeaderState Outrun(LeaderState state, ReadOnlyMemory<byte> bytes)
    {
        // A leader that was rolling its own term has been overtaken; one that was starting has merely lost.
        if (state.Tip is not null) return state with { Phase = new LeaderPhase.Fenced(state.Term) };
        return state with { Phase = new LeaderPhase.Outrun(TermClaim.Read(state.Keys.Term(state.Term), bytes)) };
    }

    static LeaderState Walk(LeaderState state, long term)
    {
        // A leader that rolls its term wrote the entry it would find.
        if (state.Tip is not null || term == 0) return AtTail(state);
        return state with { Phase = new LeaderPhase.Walking(term) };
    }

    static LeaderState Follow(LeaderState state, long term, long sequence, ReadOnlyMemory<byte> bytes)
    {
        string key = state.Keys.Entry(term, sequence);
        LedgerEntry entry = LedgerEntry.Read(key, bytes);
        if ((entry.Term, entry.Sequence) != (term, sequence)) throw new LedgerCorruptException(key, $"it says that it is entry {entry.Term}.{entry.Sequence}");
        if (sequence > 0 && entry.Previous != state.Tip!.Sha256) throw new LedgerCorruptException(key, "it does not follow the entry before it");
        if (LedgerFold.Problem(state.Job, entry) is { } problem) throw new LedgerCorruptException(key, problem);
        LedgerState job = LedgerFold.Apply(state.Job, entry);
        bool isEnd = job.Phase is JobPhase.Interrupted or JobPhase.Failed or JobPhase.Stopped or JobPhase.Cancelled or JobPhase.Finished;
        return state with
        {
            Phase = new LeaderPhase.Following(),
            Tip = new LedgerPosition(term, sequence, LedgerEntry.Hash(bytes.Span)),
            Job = job,
            HasEnded = sequence > 0 && isEnd && (state.HasEnded || job.Phase != state.Job.Phase),
        };
    }

    /// <summary>A later term exists: a leader is done for, a reader begins again there.</summary>
    static LeaderState Overtaken(LeaderState state) => state.Claim is null
        ? BeginReading(state.Keys, state.Job.Job, state.Hint) with { Phase = new LeaderPhase.Finding(TipSearch.From(state.Term + 1)) }
        : state with { Phase = new LeaderPhase.Fenced(state.Term + 1) };

    // Only what is committed is named, and every later history has it: one that ends before it, in the same term, has lost it.
    static bool IsBelowHint(LeaderState state) => state.Tip is { } tip && tip.Term == state.Hint.Term && tip.Sequence < state.Hint.Sequence;

    /// <summary>
    /// The entry after the tip was there once: an entry is created only when the one before it counts. Who leads a later term may have deleted it, and then the
    /// tip is none; or the store lost it, and everything after it with it.
    /// </summary>
    static LeaderState Doubt(LeaderState state, string because) => state with
    {
        Phase = state.Claim is null && state.Tip!.Term < state.Term ? new LeaderPhase.LookingAgain(because) : new LeaderPhase.Doubting(because),
    };

    static string HintNames(LeaderState state) => $"{state.Keys.Head} names entry {state.Hint.Term}.{state.Hint.Sequence}, which counts";

    static string IsThere(LeaderState state, long term, long beyond) => $"{state.Keys.Entry(term, beyond)}, which follows it, is there";

    static LeaderState AtTail(LeaderState state)
    {
        if (state.Claim is null) return state with { Phase = (state.Tip?.Term ?? 0) < state.Term ? new LeaderPhase.LookingAgain() : new LeaderPhase.Checking(null) };
        // A process that claimed a term need not look again: who deletes what it reads leads a later one, and its own check fails then.
        var opening = new LedgerEvent.Opening(state.Tip, LedgerFold.HandOver(state.Job, state.Tip));
        var entry = new LedgerEntry(state.Term, 0, state.Tip?.Sha256 ?? LedgerEntry.None, state.Claim.Nonce, state.Claim.ClaimedAt, [opening]);
        return state with { Phase = new LeaderPhase.Appending(SealedEntry.Of(entry)) };
    }

    static LeaderState Pass(LeaderState state, SealedEntry? entry)
    {
        // A reader: what it read was there before any later term, if the last term is the one it read.
        if (state.Claim is null) return state with { Phase = new LeaderPhase.Read((state.Tip?.Term ?? 0) == state.Term) };
        if (entry is null) return state with { Phase = new LeaderPhase.Leading() };
        return state with { Phase = new LeaderPhase.Leading(), Tip = entry.Position, Job = LedgerFold.Apply(state.Job, entry.Entry) };
    }

    static LeaderState Lose(LeaderState state, long term, long sequence, string because) => state with
    {
        Phase = new LeaderPhase.Refused($"{state.Keys.Entry(term, sequence)} is gone, though {because}; without it the history would end before what has happened. "
            + "Was the folder copied while the job ran, or in part, or does a rule of the bucket expire objects? Bring the object back from a version or copy of the bucket "
            + "(copy again, with the job stopped). If there is none, start the job in another storage, with --from and the address of a snapshot: of a savepoint, "
            + $"or of a folder in {state.Keys.Of("checkpoints")} of this one. Leave this one as it is until then: its files are needed"),
    };

    static LeaderState Refuse(LeaderState state, string key, string? because = null) => state with
    {
        Phase = new LeaderPhase.Refused($"{key} is gone{(because is null ? "" : $", though {because}")}: does a rule of the bucket expire objects? "
            + "Bring it back from a version or copy of the bucket, and exempt this folder from the rule"),
    };
}
