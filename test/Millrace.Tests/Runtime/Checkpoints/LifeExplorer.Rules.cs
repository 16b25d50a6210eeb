using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>The invariants, and how a rule is taken out.</summary>
sealed partial class LifeExplorer
{
    /// <summary>What every reported entry must keep.</summary>
    LifeWorld Report(LifeWorld world, int i)
    {
        LeaderState leader = world.Processes[i].Leader;
        string tip = leader.Tip!.Sha256;
        if (tip == world.Reported) return world;
        Count("entries");
        if (world.Reported != LedgerEntry.None && !_leaders.IsAncestor(world.Reported, tip)) return world with { Broken = $"term {leader.Term} reported {leader.Tip}, whose history lacks an entry that was reported before" };
        if (_leaders.Forgotten(leader) is { } forgotten) return world with { Broken = $"term {leader.Term} leads at {leader.Tip}, and has forgotten {forgotten}" };
        world = world with { Reported = tip };
        foreach (LedgerEvent e in _leaders.History(tip).First().Events)
        {
            if (e is LedgerEvent.TransactionsSettled settled && settled.Transactions.Any(t => !world.Committed.Has(t.Id)))
                return world with { Broken = $"{settled.Transactions.First(t => !world.Committed.Has(t.Id))} is acknowledged, and not committed" };
        }

        foreach (SnapshotReference kept in leader.Job.Kept)
        {
            if (Lacks(world, kept) is { } lacks) return world with { Broken = lacks };
        }

        return Garbage(world, leader.Job) is { } garbage ? world with { Broken = garbage } : world;
    }

    /// <summary>An object of a snapshot that is gone; null when all are there.</summary>
    string? Lacks(LifeWorld world, SnapshotReference snapshot)
    {
        if (world.Deleted.Has(snapshot.Key)) return $"{snapshot.Key} is needed and was deleted";
        PackEntry? gone = _manifests[snapshot].Packs.FirstOrDefault(pack => world.Deleted.Has(pack.Key));
        return gone is null ? null : $"{gone.Key} is needed by checkpoint {snapshot.Id} and was deleted";
    }

    /// <summary>An object that an entry has named, that nothing kept needs, and that is neither deleted nor going to be.</summary>
    string? Garbage(LifeWorld world, LedgerState job)
    {
        HashSet<string> kept = [.. job.Doomed];
        foreach (SnapshotReference snapshot in job.Kept) kept.UnionWith([snapshot.Key, .. _manifests[snapshot].Packs.Select(static p => p.Key)]);
        foreach (LedgerEvent.CheckpointCommitted committed in Checkpoints(world.Reported))
        {
            foreach (string key in (IEnumerable<string>)[committed.Snapshot.Key, .. _manifests[committed.Snapshot].Packs.Select(static p => p.Key)])
            {
                if (!kept.Contains(key) && !world.Deleted.Has(key)) return $"{key} was named by checkpoint {committed.Snapshot.Id}, nobody needs it, and nobody will delete it";
            }
        }

        return null;
    }

    IEnumerable<LedgerEvent.CheckpointCommitted> Checkpoints(string tip) => _leaders.History(tip).SelectMany(static e => e.Events).OfType<LedgerEvent.CheckpointCommitted>();

    bool Owns(LifeWorld world, string transaction) => Checkpoints(world.Reported).Any(c => c.Prepared.Any(p => p.Id == transaction));

    /// <summary>A transaction that a checkpoint which counts owns, and that is not committed.</summary>
    string? Unsettled(LifeWorld world) => Checkpoints(world.Reported).SelectMany(static c => c.Prepared).FirstOrDefault(t => !world.Committed.Has(t.Id))?.Id;

    string? UnsettledOf(LifeWorld world, SnapshotReference snapshot) => _manifests[snapshot].Owed.FirstOrDefault(t => !world.Committed.Has(t.Id))?.Id;

    /// <summary>What sinks sealed before a committed checkpoint, and no entry owns: its records are in the state, and its output would never be seen.</summary>
    string? Unnamed(LifeWorld world, LifeTasks tasks, long checkpoint)
    {
        foreach (long at in tasks.Sealed.Where(at => at <= checkpoint))
        {
            for (int worker = 0; worker < bounds.Workers; worker++)
            {
                if (Transaction(tasks.Attempt, worker, at).Id is var id && !Owns(world, id)) return $"checkpoint {checkpoint} counts, and no entry owns {id}, which was sealed before it";
            }
        }

        return null;
    }

    LifeWorld Commit(LifeWorld world, OwedTransaction transaction)
    {
        string? broken = world.Aborted.Has(transaction.Id) ? $"{transaction.Id} was aborted and is committed"
            : !Owns(world, transaction.Id) ? $"{transaction.Id} is committed, and no entry that counts owns it"
            : !world.Prepared.Has(transaction.Id) ? $"{transaction.Id} is committed and was never prepared"
            : null;
        Count("transactions committed");
        return world with { Committed = world.Committed.Add(transaction.Id), Broken = broken, Did = $"{transaction.Id} is committed" };
    }

    LifeWorld Abort(LifeWorld world, string transaction)
    {
        bool isRestored = world.Reported != LedgerEntry.None
            && _leaders.History(world.Reported).Any(e => e.Events.Any(static o => o is LedgerEvent.AttemptBegun) && new AttemptId(e.Term, e.Sequence).CompareTo(AttemptOf(transaction)) > 0);
        string? broken = world.Committed.Has(transaction) ? $"{transaction} was committed and is aborted"
            : Owns(world, transaction) ? $"{transaction} is aborted, and an entry that counts owns it"
            : !isRestored ? $"{transaction} is aborted, and no restore that lacks it was recorded"
            : null;
        Count("transactions aborted");
        return world with { Aborted = world.Aborted.Add(transaction), Broken = broken, Did = $"{transaction} is aborted" };
    }

    /// <summary>What a sink finds prepared by earlier deployments, and is not owed.</summary>
    IEnumerable<string> Strange(LifeWorld world, AttemptId attempt, LedgerState job) => world.Prepared.Items.Where(id =>
        AttemptOf(id).CompareTo(attempt) < 0 && !world.Committed.Has(id) && !world.Aborted.Has(id) && (mutation == LifeMutation.AbortOwed || job.Owed.All(owed => owed.Id != id)));

    static AttemptId AttemptOf(string transaction)
    {
        string[] parts = transaction[..transaction.IndexOf('/', StringComparison.Ordinal)].Split('.');
        return new(long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    LifeWorld Delete(LifeWorld world, int i, IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            if (!LedgerKeys.IsDisposableBy(key, world.Processes[i].Leader.Term)) return world with { Broken = $"{key} is deleted" };
            Count("deleted");
            world = world with { Deleted = world.Deleted.Add(key), Did = $"{key} is deleted" };
        }

        if (world.Reported == LedgerEntry.None) return world;
        return _leaders.Whole(world.Reported, "job").Kept.Select(kept => Lacks(world, kept)).FirstOrDefault(static lacks => lacks is not null) is { } broken ? world with { Broken = broken } : world;
    }

    /// <summary>What is left undone though nothing more will happen by itself; null for nothing.</summary>
    string? Unfinished(LifeWorld world)
    {
        foreach (LifeProcess process in world.Processes)
        {
            if (process.Stage is LifeStage.Idle or LifeStage.Over) continue;
            if (process.Stage != LifeStage.Running || process.Tasks is not { Job: Millrace.Runtime.Jobs.JobState.Running, IsLoopOver: false } tasks) return $"process {process.Index} waits for nothing, {process.Stage} {process.Tasks?.Job}";
            if (tasks is { Manual: LifeAnswer.Pending } or { Savepoint: LifeAnswer.Pending } or { Stop: LifeAnswer.Pending } or { Final: LifeAnswer.Pending }) return "who asked is answered by nobody";
            if (tasks.Checkpoints.InFlight.Length > 0 || tasks.Checkpoints.Waiting.Length > 0 || tasks.Completing is not null) return "a checkpoint is under way, and nothing goes on with it";
            // Who was overtaken and has nothing to do does not know it yet, and must not do anything either.
            if (process.Leader.Tip!.Sha256 != world.Reported) continue;
            if (process.Leader.Job.Owed.FirstOrDefault(owed => !world.Committed.Has(owed.Id)) is { } owed) return $"{owed.Id} is owed, and nobody commits it";
        }

        return null;
    }

    LeaderState Step(LeaderState leader, LedgerReply reply, int i)
    {
        LeaderState next = LedgerMachine.Step(leader, reply);
        if (next.Phase is not LeaderPhase.Appending { Entry.Entry: { Sequence: 0, Events: [LedgerEvent.Opening opening] } entry }) return next;
        LedgerState? state = mutation switch
        {
            LifeMutation.PinsForgotten => opening.State with { Pins = [] },
            LifeMutation.SavepointsForgotten => opening.State with { Savepoints = [] },
            LifeMutation.PhaseForgotten when opening.State.Stop is not null => opening.State with { Phase = JobPhase.Running, Stop = null },
            LifeMutation.OwedForgotten => opening.State with { Owed = [] },
            _ => null,
        };
        return state is null ? next : next with { Phase = new LeaderPhase.Appending(SealedEntry.Of(entry with { Events = [opening with { State = state }] })) };
    }

    (CheckpointState, ImmutableArray<CheckpointEffect>) Step(CheckpointState state, CheckpointEvent e)
    {
        if (mutation == LifeMutation.TwiceDiscarded && e is CheckpointEvent.Collected { Snapshot: var part } && state.InFlight.All(a => a.Id != part.Id)) return (state, [new CheckpointEffect.Discard(part)]);
        if (mutation == LifeMutation.RequestForgotten && e is CheckpointEvent.Asked && state.IsEnding) return (state, []);
        if (mutation == LifeMutation.WantedOvertaken && state is { Completing: null, InFlight: [{ IsWanted: true } wanted, .. var later] } && later.Length > 0)
        {
            (CheckpointState next, var effects) = CheckpointMachine.Step(state with { InFlight = later }, e);
            return (next with { InFlight = next.InFlight.Insert(0, wanted) }, effects);
        }

        return CheckpointMachine.Step(state, e);
    }

    List<LedgerEvent> Twisted(List<LedgerEvent> entry) => mutation switch
    {
        LifeMutation.GatherUnpinned => [.. entry.Select(static e => e is LedgerEvent.CheckpointCommitted c ? c with { Kind = SnapshotKind.Checkpoint } : e)],
        LifeMutation.GarbageForgotten => [.. entry.Select(static e => e is LedgerEvent.Doomed { Snapshots.Count: > 0 } d ? d with { Keys = [.. d.Keys.Where(static k => k.StartsWith("checkpoints/", StringComparison.Ordinal))] } : e)],
        _ => entry,
    };

    /// <summary>What a process does too early, when a rule is taken out.</summary>
    LifeWorld Early(LifeWorld world, int i, LeaderState before, LeaderState after)
    {
        if (mutation == LifeMutation.AbortBeforeRestore && after.MayAct && world.Processes[i].Stage == LifeStage.Opening && Strange(world, new(after.Term, long.MaxValue), after.Job).FirstOrDefault() is { } strange)
            return Abort(world, strange);
        if (before.Phase is not LeaderPhase.Appending || after.Phase is not LeaderPhase.Checking { Entry.Entry.Events: var events }) return world;
        return mutation switch
        {
            LifeMutation.CommitEarly => events.OfType<LedgerEvent.CheckpointCommitted>().SelectMany(static c => c.Prepared).Aggregate(world, Commit),
            LifeMutation.DeleteEarly => Delete(world, i, events.OfType<LedgerEvent.Doomed>().SelectMany(static d => d.Keys)),
            _ => world,
        };
    }
}
