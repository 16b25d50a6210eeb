using System.Collections.Immutable;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Which entries of superseded terms a leader deletes next, and when it may: pure functions of what it knows. That its entry 0 is committed
/// makes them superfluous for good, since whoever reads or leads from then on begins there or later; the question before every batch
/// only keeps a process that was overtaken from working on.
/// </summary>
static class PruneMachine
{
    /// <summary>Entries deleted for one question. Small, so that who was overtaken soon stops; the question costs a hundredth.</summary>
    public const int BatchEntriesMax = 100;

    /// <summary>What to delete next; null when nothing is left, or this process does not lead.</summary>
    /// <param name="leader">The leader with its last entry committed: while another is under way, as it was before.</param>
    /// <param name="progress">What was deleted and is not recorded yet.</param>
    public static PruneBatch? Next(LeaderState leader, PruneProgress progress)
    {
        if (!leader.MayAct) return null;
        foreach (SupersededTerm superseded in leader.Job.Superseded)
        {
            // From the tail down, so that what is left is always described by one number.
            if (progress.Left(superseded) is > 0 and var last) return new PruneBatch(leader.Term, superseded.Term, Math.Max(1, last - BatchEntriesMax + 1), last);
        }

        return null;
    }

    /// <summary>Whether the reply to <see cref="PruneBatch.Question"/> allows the batch. No answer is no permission.</summary>
    public static bool IsAllowed(LedgerReply reply) => reply is LedgerReply.Missing;
}

/// <summary>Some entries to delete. Immutable.</summary>
/// <param name="Leader">The term of who deletes them.</param>
/// <param name="Term">Their term, an earlier one.</param>
/// <param name="First">The first of them; 1 or more.</param>
/// <param name="Last">The last.</param>
sealed record PruneBatch(long Leader, long Term, long First, long Last)
{
    /// <summary>What to ask first: whether a later term was claimed.</summary>
    public LedgerRequest.ReadTerm Question => new(Leader + 1);

    /// <summary>How many entries it has.</summary>
    public int Count => (int)(Last - First + 1);

    /// <summary>The objects, as the store knows them.</summary>
    public IEnumerable<string> Keys(LedgerKeys keys)
    {
        for (long sequence = Last; sequence >= First; sequence--) yield return keys.Entry(Term, sequence);
    }
}

/// <summary>What a leader has deleted of superseded terms and perhaps not recorded yet. Immutable; lost with the process without harm.</summary>
sealed record PruneProgress
{
    /// <summary>Nothing.</summary>
    public static readonly PruneProgress None = new();

    ImmutableSortedDictionary<long, long> Lefts { get; init; } = ImmutableSortedDictionary<long, long>.Empty;

    /// <summary>Entries 1 to this one of the term are not deleted yet; 0 when all are.</summary>
    public long Left(SupersededTerm superseded) => Math.Min(superseded.Tail, Lefts.GetValueOrDefault(superseded.Term, long.MaxValue));

    /// <summary>The progress once all of a batch is gone.</summary>
    public PruneProgress After(PruneBatch batch) => this with { Lefts = Lefts.SetItem(batch.Term, batch.First - 1) };

    /// <summary>What is to be recorded of it.</summary>
    /// <param name="state">The ledger that the events follow.</param>
    public IEnumerable<LedgerEvent> Events(LedgerState state) => state.Superseded
        .Where(superseded => Left(superseded) < superseded.Tail)
        .Select(superseded => new LedgerEvent.Pruned(superseded.Term, Left(superseded)));
}
