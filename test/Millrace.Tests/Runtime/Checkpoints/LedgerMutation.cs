namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>A rule of the protocol that is broken on purpose, to see that it is missed.</summary>
enum Mutation
{
    None,

    /// <summary>Rule 1: the second process claims a term though the one before it is not there.</summary>
    ClaimLeavesGap,

    /// <summary>Rule 1: a claim holds what was accepted, too, as it was when it was claimed: the past is read before, and not after.</summary>
    ClaimNamesPast,

    /// <summary>Rule 1: claims hold no nonce.</summary>
    ClaimWithoutNonce,

    /// <summary>Rule 2: the past is accepted up to entry 0 only, not to the tail.</summary>
    AcceptShort,

    /// <summary>Rule 2: the highest term with an entry 0 is passed over.</summary>
    AcceptLower,

    /// <summary>Rule 2: a term without an entry 0 is taken for the beginning of history.</summary>
    AcceptNothing,

    /// <summary>Rule 2: the chain that the highest entry 0 accepted is followed, and what is beyond the accepted tail counts.</summary>
    VoidCounts,

    /// <summary>Rule 2: entry 0 does not name what was accepted.</summary>
    OpeningNamesNothing,

    /// <summary>Rule 2: there is no entry 0, a leader begins with entry 1.</summary>
    NoOpening,

    /// <summary>Rule 2: entry 0 does not carry owed commits.</summary>
    OwedForgotten,

    /// <summary>Rule 2: entry 0 does not carry the retained checkpoints.</summary>
    RetainedForgotten,

    /// <summary>Rule 2: entry 0 does not carry doomed keys.</summary>
    DoomedForgotten,

    /// <summary>Rule 2: entry 0 does not carry the line of history.</summary>
    TimelineForgotten,

    /// <summary>Rules 2 and 5: no look for a later term.</summary>
    NoCheck,

    /// <summary>Rule 5: an unanswered look counts as none found.</summary>
    UnknownIsNone,

    /// <summary>Rule 6: what is there already counts as one's own.</summary>
    ExistsIsOurs,

    /// <summary>Rule 6: after no answer other bytes are sent, and whatever is there counts as one's own.</summary>
    OtherBytes,

    /// <summary>Rule 6: no answer counts as a failure, and the process goes on.</summary>
    UnknownIsFailed,

    /// <summary>Rule 6: no answer counts as success.</summary>
    UnknownIsCreated,

    /// <summary>Rule 6: what is there already counts as somebody else's.</summary>
    ExistsIsForeign,

    /// <summary>Rule 8: a transaction is committed as soon as its entry is there, before the check.</summary>
    CommitEarly,

    /// <summary>Rule 8: what is owed by what was read is committed before the own entry 0.</summary>
    CommitBeforeOpening,

    /// <summary>Rule 8: transactions are aborted before the takeover is certain.</summary>
    AbortEarly,

    /// <summary>Rule 8: transactions are aborted after the takeover, before the restore is recorded.</summary>
    AbortBeforeRestore,

    /// <summary>Rule 8: transactions are aborted that the accepted manifest has.</summary>
    AbortOwed,

    /// <summary>Rule 18: what an entry dooms is deleted before the check.</summary>
    DeleteEarly,

    /// <summary>Rule 19: a claim of an older term is deleted.</summary>
    DeleteTerm,

    /// <summary>Rule 19: a leader deletes the entry 0 of its own term.</summary>
    DeleteOpening,

    /// <summary>Rule 19: the tip is taken to be the first term that is found.</summary>
    SearchStopsShort,

    /// <summary>Rule 19: the tip is looked for by doubling, without bisection.</summary>
    SearchWithoutBisection,

    /// <summary>Rule 19: that the term which HEAD names is missing is taken for a job that never was.</summary>
    HintIgnored,

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

    /// <summary>HEAD is read, and once a rule of the bucket may delete everything but HEAD: processes begin anew then.</summary>
    Expiry = 64,
}
