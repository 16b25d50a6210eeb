using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>How a rule is taken out: replies and requests are twisted on their way to and from the real functions.</summary>
sealed partial class LedgerExplorer
{
    /// <summary>A process that has read the past before its claim.</summary>
    const long ReadBefore = -1;

    LeaderState Step(LeaderState leader, LedgerReply reply, int i)
    {
        reply = Twisted(leader, reply);
        if (mutation == Mutation.OtherBytes && leader.Phase is LeaderPhase.Appending { Entry.Entry.Sequence: > 0 } appending && reply is LedgerReply.Unknown)
            return leader with { Phase = new LeaderPhase.Appending(SealedEntry.Of(appending.Entry.Entry with { At = Day.AddDays(1) })) };
        if (mutation == Mutation.UnknownIsFailed && leader.Phase is LeaderPhase.Appending { Entry.Entry.Sequence: 2 } && reply is LedgerReply.Unknown)
            return leader with { Phase = new LeaderPhase.Leading() };
        if (mutation == Mutation.SearchStopsShort && leader.Phase is LeaderPhase.Finding finding && reply is LedgerReply.Found)
            return LedgerMachine.Step(leader with { Phase = new LeaderPhase.Finding(new TipSearch(finding.Search.Probe!.Value, finding.Search.Probe + 2, 1, 0)) }, new LedgerReply.Missing());
        if (mutation == Mutation.SearchWithoutBisection && leader.Phase is LeaderPhase.Finding { Search: { High: null } search } && reply is LedgerReply.Missing)
            return LedgerMachine.Step(leader with { Phase = new LeaderPhase.Finding(new TipSearch(search.Probe!.Value - 2, search.Probe, 1, 0)) }, new LedgerReply.Found(default));
        LeaderState next = Twisted(leader, LedgerMachine.Step(leader, reply), i);
        // Goes on behind what the highest entry 0 has accepted, where only void entries are.
        if (mutation == Mutation.VoidCounts && leader.Phase is LeaderPhase.Walking && reply is LedgerReply.Found opening
            && LedgerEntry.Read("", opening.Bytes).Events is [LedgerEvent.Opening { Accepted: { } accepted }]) return next with { Tip = accepted };
        return next;
    }

    LedgerReply Twisted(LeaderState leader, LedgerReply reply) => (mutation, leader.Phase, reply) switch
    {
        (Mutation.UnknownIsNone, LeaderPhase.Checking, LedgerReply.Unknown) => new LedgerReply.Missing(),
        (Mutation.UnknownIsCreated, LeaderPhase.Appending, LedgerReply.Unknown) => new LedgerReply.Created(),
        (Mutation.AcceptLower, LeaderPhase.Walking { Term: > 1 }, _) => new LedgerReply.Missing(),
        _ => reply,
    };

    LeaderState Twisted(LeaderState leader, LeaderState next, int i)
    {
        bool isSkipped = (mutation, next.Phase) switch
        {
            (Mutation.AcceptShort, LeaderPhase.Following) => true,
            (Mutation.NoCheck, LeaderPhase.Checking) => true,
            (Mutation.ReadOnce, LeaderPhase.LookingAgain { Doubt: null }) => true,
            (Mutation.DeletedIsLost, LeaderPhase.Missing) => true,
            (Mutation.GapIsLost, LeaderPhase.Doubting) => true,
            _ => false,
        };
        if (isSkipped) return LedgerMachine.Step(next, new LedgerReply.Missing());
        return (mutation, leader.Phase, next.Phase) switch
        {
            (Mutation.ClaimLeavesGap, LeaderPhase.Finding, LeaderPhase.Claiming claiming) when i == 1 => Skip(next, claiming.Claim.Claim),
            (Mutation.ClaimNamesPast, LeaderPhase.Finding, LeaderPhase.Claiming) when next.Term > 1 => next with { Seen = ReadBefore, Phase = new LeaderPhase.Walking(next.Term - 1) },
            (Mutation.ClaimNamesPast, _, LeaderPhase.Appending { Entry.Entry.Sequence: 0 }) when next.Seen == ReadBefore => next with { Seen = null, Phase = new LeaderPhase.Claiming(SealedClaim.Of(next.Claim!)) },
            (Mutation.AcceptNothing, LeaderPhase.Walking, LeaderPhase.Walking) => LedgerMachine.Step(next with { Phase = new LeaderPhase.Walking(1) }, new LedgerReply.Missing()),
            (Mutation.NoOpening, _, LeaderPhase.Appending { Entry.Entry: { Sequence: 0 } entry }) => next with { Phase = new LeaderPhase.Checking(null), Tip = new(next.Term, 0, entry.Previous) },
            (_, _, LeaderPhase.Appending { Entry.Entry: { Sequence: 0, Events: [LedgerEvent.Opening opening] } entry }) => Twisted(entry, opening) is { } twisted
                ? next with { Phase = new LeaderPhase.Appending(SealedEntry.Of(twisted)) } : next,
            (Mutation.ExistsIsOurs, _, LeaderPhase.ComparingClaim c) => LedgerMachine.Step(next, new LedgerReply.Found(c.Claim.Bytes)),
            (Mutation.ExistsIsOurs or Mutation.OtherBytes, _, LeaderPhase.ComparingEntry c) => LedgerMachine.Step(next, new LedgerReply.Found(c.Entry.Bytes)),
            (Mutation.ExistsIsForeign, _, LeaderPhase.ComparingEntry) => next with { Phase = new LeaderPhase.Refused("the entry was written by somebody else") },
            _ => next,
        };
    }

    /// <summary>An entry 0 that does not carry all.</summary>
    LedgerEntry? Twisted(LedgerEntry entry, LedgerEvent.Opening opening) => mutation switch
    {
        Mutation.ForgetPruning => entry with { Events = [opening with { State = opening.State with { Superseded = [] } }] },
        Mutation.OwedForgotten => entry with { Events = [opening with { State = opening.State with { Owed = [] } }] },
        Mutation.RetainedForgotten => entry with { Events = [opening with { State = opening.State with { Retained = [] } }] },
        Mutation.DoomedForgotten => entry with { Events = [opening with { State = opening.State with { Doomed = [] } }] },
        Mutation.TimelineForgotten => entry with { Events = [opening with { State = opening.State with { Timeline = "" } }] },
        Mutation.OpeningNamesNothing => entry with { Previous = LedgerEntry.None, Events = [opening with { Accepted = null }] },
        _ => null,
    };

    static LeaderState Skip(LeaderState leader, TermClaim claim)
    {
        claim = claim with { Term = claim.Term + 1 };
        return leader with { Term = claim.Term, Claim = claim, Phase = new LeaderPhase.Claiming(SealedClaim.Of(claim)) };
    }

    /// <summary>What a process does too early, when a rule is taken out.</summary>
    World Early(World world, int i, LeaderState before, LeaderState after)
    {
        bool isThere = before.Phase is LeaderPhase.Appending && after.Phase is LeaderPhase.Checking;
        bool isAtTail = before.Phase is LeaderPhase.Walking or LeaderPhase.Following && after.Phase is LeaderPhase.Appending;
        LedgerEntry? entry = (after.Phase as LeaderPhase.Checking)?.Entry?.Entry;
        return mutation switch
        {
            Mutation.CommitEarly when isThere => Plan(world, DeedKind.Commit, entry!.Events.OfType<LedgerEvent.CheckpointCommitted>().SelectMany(static c => c.Prepared).Select(static t => t.Id)),
            Mutation.CommitBeforeOpening when isAtTail => Plan(world, DeedKind.Commit, after.Job.Owed.Select(static owed => owed.Id)),
            Mutation.DeleteEarly when isThere => Plan(world, DeedKind.Delete, entry!.Events.OfType<LedgerEvent.Doomed>().SelectMany(static d => d.Keys)),
            Mutation.AbortEarly when isAtTail => Plan(world, DeedKind.Abort, Strange(world, after.Job)),
            Mutation.DeleteEntries when isAtTail && before.Tip is { } tip => world with
            {
                Store = world.Store.Names.Where(key => key.StartsWith($"ledger/{tip.Term}/", StringComparison.Ordinal) && !key.EndsWith("/0", StringComparison.Ordinal)).ToArray()
                    .Aggregate(world.Store, static (store, key) => store.Without(key)),
            },
            Mutation.PruneEarly when isThere && entry!.Events is [LedgerEvent.Opening opening] =>
                Plan(world, DeedKind.Prune, opening.State.Superseded.SelectMany(s => new PruneBatch(after.Term, s.Term, 1, s.Tail).Keys(Keys))),
            Mutation.DeleteTerm when isThere && after.Term > 2 && entry!.Sequence == 0 => world with { Store = world.Store.Without(Keys.Term(after.Term - 1)) },
            _ => world,
        };
    }
}
