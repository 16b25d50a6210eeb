using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>What one look at the leader of a job has shown.</summary>
/// <param name="Term">The newest claim's term.</param>
/// <param name="IsReachable">Whether the claim says where its holder can be asked. One of a tool does not, which is gone once it has done its work.</param>
/// <param name="Tip">The last entry of the ledger; null when there is none.</param>
/// <param name="IsOver">Whether the leader has recorded that the job is not run any more. It cannot have begun again without another claim.</param>
/// <param name="Answer">What its holder said.</param>
/// <param name="ReadBegan">When the ledger was begun to be read, on the clock of who looks.</param>
/// <param name="ReadEnded">When it had been read.</param>
readonly record struct LeaderSighting(long Term, bool IsReachable, LedgerPosition? Tip, bool IsOver, LeaderAnswer Answer, TimeSpan ReadBegan, TimeSpan ReadEnded);

/// <summary>What follows from the looks so far.</summary>
enum LeaderVerdict
{
    /// <summary>It leads the job.</summary>
    Lives,

    /// <summary>It is not known whether it does: look again.</summary>
    Doubtful,

    /// <summary>It is gone, or taken for gone: the job may be claimed.</summary>
    Gone,
}

/// <summary>
/// Decides whether whoever leads a job is gone: when it is known to be; or when it does not answer and has written nothing for long enough.
/// Pure. A mistake costs the leader the job and no more: whoever is overtaken can commit nothing.
/// </summary>
sealed record LeaderVigil
{
    LedgerPosition? _tip;
    long _term;
    TimeSpan? _silentSince;

    /// <summary>Nothing was seen yet.</summary>
    public static LeaderVigil Begin { get; } = new();

    /// <summary>A look.</summary>
    /// <param name="seen">What it has shown.</param>
    /// <param name="after">How long a leader that does not answer must have written nothing.</param>
    public (LeaderVigil Next, LeaderVerdict Verdict) See(LeaderSighting seen, TimeSpan after)
    {
        if (!seen.IsReachable) return (Begin, LeaderVerdict.Gone);
        switch (seen.Answer)
        {
            // Whatever silence there was before is over.
            case { IsAlive: true }: return (Begin, LeaderVerdict.Lives);
            case LeaderAnswer.Gone: return (this, LeaderVerdict.Gone);
        }

        if (seen.IsOver) return (this, LeaderVerdict.Gone);
        bool isNew = _silentSince is null || seen.Term != _term || seen.Tip != _tip;
        if (isNew) return (new() { _term = seen.Term, _tip = seen.Tip, _silentSince = seen.ReadEnded }, LeaderVerdict.Doubtful);
        // From the end of the first look to the beginning of this one: what reading takes is no silence of the leader.
        return (this, seen.ReadBegan - _silentSince >= after ? LeaderVerdict.Gone : LeaderVerdict.Doubtful);
    }
}

/// <summary>What a standby does next.</summary>
enum StandbyStep
{
    /// <summary>It waits, and looks again.</summary>
    LookAgain,

    /// <summary>It waits by chance, so that of several one is usually first, and looks again; the ledger decides in any case.</summary>
    BackOff,

    /// <summary>It claims the job.</summary>
    Claim,
}

/// <summary>Decides when a process that waits for a job claims it. Pure.</summary>
/// <param name="BackedOff">The term whose leader was gone when it last looked; null when there was none.</param>
sealed record StandbyWait(long? BackedOff)
{
    /// <summary>It has not looked yet.</summary>
    public static StandbyWait Begin { get; } = new((long?)null);

    /// <summary>A look.</summary>
    /// <param name="term">The newest term; null when the job was never started.</param>
    /// <param name="isLed">Whether somebody leads it.</param>
    public (StandbyWait Next, StandbyStep Step) Look(long? term, bool isLed) => (term, isLed) switch
    {
        (null, _) => (Begin, StandbyStep.Claim),
        (_, true) => (Begin, StandbyStep.LookAgain),
        _ when term == BackedOff => (Begin, StandbyStep.Claim),
        _ => (new(term), StandbyStep.BackOff),
    };
}
