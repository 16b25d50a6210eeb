using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>One request to the store, as the decisions of a leader see it. Immutable.</summary>
public abstract record LedgerRequest
{
    LedgerRequest() { }

    /// <summary>Reads <c>terms/&lt;n&gt;</c>.</summary>
    /// <param name="Term">n.</param>
    public sealed record ReadTerm(long Term) : LedgerRequest;

    /// <summary>Creates <c>terms/&lt;n&gt;</c> if absent, one attempt.</summary>
    /// <param name="Object">The claim.</param>
    public sealed record CreateTerm(SealedClaim Object) : LedgerRequest;

    /// <summary>Reads <c>ledger/&lt;term&gt;/&lt;sequence&gt;</c>.</summary>
    /// <param name="Term">The term.</param>
    /// <param name="Sequence">The sequence.</param>
    public sealed record ReadEntry(long Term, long Sequence) : LedgerRequest;

    /// <summary>Creates <c>ledger/&lt;term&gt;/&lt;sequence&gt;</c> if absent, one attempt.</summary>
    /// <param name="Object">The entry.</param>
    public sealed record CreateEntry(SealedEntry Object) : LedgerRequest;
}

/// <summary>What is known of a request. Immutable.</summary>
public abstract record LedgerReply
{
    LedgerReply() { }

    /// <summary>No answer: whatever was asked may have happened, may yet, or never will.</summary>
    public sealed record Unknown : LedgerReply;

    /// <summary>The object that was read.</summary>
    /// <param name="Bytes">All of it.</param>
    public sealed record Found(ReadOnlyMemory<byte> Bytes) : LedgerReply;

    /// <summary>There was no such object.</summary>
    /// <param name="Beyond">An entry of the same term after the one that was read for, found before that; zero when none is known.</param>
    public sealed record Missing(long Beyond = 0) : LedgerReply;

    /// <summary>This very request created the object.</summary>
    public sealed record Created : LedgerReply;

    /// <summary>There was an object already, whoever made it.</summary>
    public sealed record Exists : LedgerReply;
}

/// <summary>A claim with the bytes it is bound to.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Sha256">Their hash.</param>
public sealed record SealedClaim(TermClaim Claim, ReadOnlyMemory<byte> Bytes, string Sha256)
{
    /// <summary>Binds a claim to its bytes.</summary>
    public static SealedClaim Of(TermClaim claim)
    {
        byte[] bytes = claim.ToBytes();
        return new SealedClaim(claim, bytes, LedgerEntry.Hash(bytes));
    }
}

/// <summary>An entry with the bytes it is bound to.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Sha256">Their hash.</param>
public sealed record SealedEntry(LedgerEntry Entry, ReadOnlyMemory<byte> Bytes, string Sha256)
{
    /// <summary>Where it belongs.</summary>
    public LedgerPosition Position => new(Entry.Term, Entry.Sequence, Sha256);

    /// <summary>Binds an entry to its bytes.</summary>
    public static SealedEntry Of(LedgerEntry entry)
    {
        byte[] bytes = entry.ToBytes();
        return new SealedEntry(entry, bytes, LedgerEntry.Hash(bytes));
    }
}

/// <summary>What a process is about, in leading a job or in reading its ledger.</summary>
public abstract record LeaderPhase
{
    LeaderPhase() { }

    /// <summary>Looks for the newest term.</summary>
    /// <param name="Search">How far it is.</param>
    public sealed record Finding(TipSearch Search) : LeaderPhase;

    /// <summary>Creates its claim.</summary>
    /// <param name="Claim">The claim, the same bytes until the outcome is definite.</param>
    public sealed record Claiming(SealedClaim Claim) : LeaderPhase;

    /// <summary>Reads the claim that was there already: its own, if an answer was lost.</summary>
    /// <param name="Claim">Its own.</param>
    public sealed record ComparingClaim(SealedClaim Claim) : LeaderPhase;

    /// <summary>Looks for the highest lower term that has an entry 0.</summary>
    /// <param name="Term">The term looked at; 0 when there is none left.</param>
    public sealed record Walking(long Term) : LeaderPhase;

    /// <summary>Follows the chain of that term to its tail: everything up to <see cref="LeaderState.Tip"/> was read.</summary>
    public sealed record Following : LeaderPhase;

    /// <summary>Creates an entry.</summary>
    /// <param name="Entry">The entry, the same bytes until the outcome is definite.</param>
    public sealed record Appending(SealedEntry Entry) : LeaderPhase;

    /// <summary>Reads the entry that was there already: its own, if an answer was lost.</summary>
    /// <param name="Entry">Its own.</param>
    public sealed record ComparingEntry(SealedEntry Entry) : LeaderPhase;

    /// <summary>
    /// The entry that was there already is gone before it was read: asks whether a successor accepted and deleted it. Otherwise the store lost it.
    /// </summary>
    /// <param name="Entry">Its own.</param>
    public sealed record Missing(SealedEntry Entry) : LeaderPhase;

    /// <summary>
    /// A reader at the end of an older term than the newest: asks whether the newest has an entry 0 by now. If so, its leader may already be
    /// deleting what was being read, and the end that was seen may be none.
    /// </summary>
    /// <param name="Doubt">Why the entry after the end must have been there; null when nothing says so.</param>
    public sealed record LookingAgain(string? Doubt = null) : LeaderPhase;

    /// <summary>
    /// The entry after <see cref="LeaderState.Tip"/> was there once and is not: asks whether a later term was claimed, whose leader may have deleted it.
    /// Otherwise the store lost it.
    /// </summary>
    /// <param name="Because">Why it must have been there.</param>
    public sealed record Doubting(string Because) : LeaderPhase;

    /// <summary>The entry is there; asks whether a later term is, which would make it void.</summary>
    /// <param name="Entry">The entry; null when there is none, and leadership alone is asked about, or the reader's view.</param>
    public sealed record Checking(SealedEntry? Entry) : LeaderPhase;

    /// <summary>Leads: the last entry is committed, nothing is under way.</summary>
    public sealed record Leading : LeaderPhase;

    /// <summary>Has read all there is, as a reader.</summary>
    /// <param name="IsSettled">Whether a leader stands behind the last entry; if not, a later one may yet void the end of what was read.</param>
    public sealed record Read(bool IsSettled) : LeaderPhase;

    /// <summary>Another process claimed the term first, or a newer one than was seen.</summary>
    /// <param name="Claim">Its claim.</param>
    public sealed record Outrun(TermClaim Claim) : LeaderPhase;

    /// <summary>Led, and does not any more: a later term exists.</summary>
    /// <param name="LaterTerm">That term.</param>
    public sealed record Fenced(long LaterTerm) : LeaderPhase;

    /// <summary>The store holds what cannot be; nothing is done about it.</summary>
    /// <param name="Why">The object, what is wrong, and what to do.</param>
    public sealed record Refused(string Why) : LeaderPhase;
}

/// <summary>Everything a process knows in leading a job or in reading its ledger. Immutable.</summary>
public sealed record LeaderState
{
    /// <summary>What it is about.</summary>
    public required LeaderPhase Phase { get; init; }

    /// <summary>Its claim, of term 0 until the term is known; null for a reader.</summary>
    public TermClaim? Claim { get; init; }

    /// <summary>The newest term when it was decided to claim the next; null when whoever leads is to be fenced.</summary>
    public long? Seen { get; init; }

    /// <summary>What <c>HEAD</c> named when it began: committed, if perhaps long ago. The default value for nothing.</summary>
    public LedgerHead Hint { get; init; }

    /// <summary>The names of objects, for errors.</summary>
    public required LedgerKeys Keys { get; init; }

    /// <summary>The newest term found, and since it was claimed, its own.</summary>
    public long Term { get; init; }

    /// <summary>The last entry that counts: committed, for a leader. Null when there is none.</summary>
    public LedgerPosition? Tip { get; init; }

    /// <summary>What follows from all entries up to the tip.</summary>
    public required LedgerState Job { get; init; }

    /// <summary>Whether the end of a run was recorded in the term of the tip. An end that its leader found when it took over is none.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Whether anything may be reported, committed, aborted or deleted in the name of the job.</summary>
    public bool MayAct => Phase is LeaderPhase.Leading;
}
