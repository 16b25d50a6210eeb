using Millrace.Runtime.Checkpoints;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>What people ask of a job in an exploration.</summary>
[Flags]
enum LifeRequests
{
    None = 0,
    Manual = 1,
    Savepoint = 2,
    Stop = 4,
    Cancel = 8,
}

/// <summary>How much may happen in an exploration of lives. Everything within is explored, in every order.</summary>
sealed record LifeBounds
{
    /// <summary>Processes started, the first included.</summary>
    public int Claims { get; init; } = 1;

    /// <summary>Checkpoints begun because the interval has passed.</summary>
    public int Checkpoints { get; init; } = 2;

    /// <summary>Replies of the store that get lost, and creates that arrive late.</summary>
    public int Replies { get; init; }

    /// <summary>Manifests and savepoints that cannot be written.</summary>
    public int Refusals { get; init; }

    /// <summary>Workers that decline.</summary>
    public int Declines { get; init; }

    /// <summary>Checkpoints that expire.</summary>
    public int Expiries { get; init; }

    /// <summary>Parts that come after their checkpoint was given up, or twice.</summary>
    public int Strays { get; init; }

    /// <summary>Deployments that fail by themselves.</summary>
    public int Failures { get; init; }

    /// <summary>Processes that crash.</summary>
    public int Crashes { get; init; }

    /// <summary>Whether the input ends.</summary>
    public bool Finishes { get; init; }

    /// <summary>What is asked, each once, at any time.</summary>
    public LifeRequests Requests { get; init; }

    /// <summary>Workers of each deployment.</summary>
    public int Workers { get; init; } = 1;

    public int Concurrent { get; init; } = 1;

    public int Retained { get; init; } = 1;

    public int Tolerated { get; init; } = 1;

    /// <summary>Restarts before the job is given up.</summary>
    public int Restarts { get; init; } = 1;

    public int StatesMax { get; init; } = int.MaxValue;

    /// <summary>The interval ends before a checkpoint expires, so that several are under way.</summary>
    public CheckpointOptions Options => new CheckpointOptions
    {
        Interval = TimeSpan.FromSeconds(10), Timeout = TimeSpan.FromSeconds(15), AlignTimeout = Timeout.InfiniteTimeSpan,
        MaxConcurrent = Concurrent, Retained = Retained, ToleratedFailures = Tolerated,
    }.Validated();
}

/// <summary>What may still happen.</summary>
readonly record struct LifeBudget(int Claims, int Checkpoints, int Replies, int Refusals, int Declines, int Expiries, int Strays, int Failures, int Crashes, LifeRequests Requests)
{
    public LifeBudget(LifeBounds bounds)
        : this(bounds.Claims - 1, bounds.Checkpoints, bounds.Replies, bounds.Refusals, bounds.Declines, bounds.Expiries, bounds.Strays, bounds.Failures, bounds.Crashes, bounds.Requests)
    {
    }

    public long Key
    {
        get
        {
            long key = 0;
            foreach (int left in (ReadOnlySpan<int>)[Claims, Checkpoints, Replies, Refusals, Declines, Expiries, Strays, Failures, Crashes, (int)Requests]) key = (key * 17) + left;
            return key;
        }
    }
}

/// <summary>A rule that is broken on purpose, to see that it is missed.</summary>
enum LifeMutation
{
    None,

    /// <summary>Rule 2: entry 0 does not carry the pins.</summary>
    PinsForgotten,

    /// <summary>Rule 2: entry 0 does not carry the savepoints.</summary>
    SavepointsForgotten,

    /// <summary>Rule 2: entry 0 does not carry what the job was about, a stop say.</summary>
    PhaseForgotten,

    /// <summary>Rule 2: entry 0 does not carry owed commits.</summary>
    OwedForgotten,

    /// <summary>Rule 8: owed transactions are committed as soon as their entry is sent.</summary>
    CommitEarly,

    /// <summary>Rule 8: transactions of an older deployment are aborted before the new one is recorded.</summary>
    AbortBeforeRestore,

    /// <summary>Rule 8: transactions are aborted though the accepted manifest has them.</summary>
    AbortOwed,

    /// <summary>Rule 8: a failed or expired checkpoint aborts its transactions.</summary>
    FailureAborts,

    /// <summary>Rule 8: the transactions of a failed checkpoint do not join the next manifest.</summary>
    FailureForgets,

    /// <summary>Rule 9: a job stops though transactions are not acknowledged.</summary>
    StopUnsettled,

    /// <summary>Rule 9: what is committed is acknowledged before it is.</summary>
    SettleEarly,

    /// <summary>Rule 12: retention takes the parent of a checkpoint under way.</summary>
    ParentsForgotten,

    /// <summary>Rule 16: a checkpoint is not pinned while it is gathered.</summary>
    GatherUnpinned,

    /// <summary>Rule 18: what an entry dooms is deleted before the check.</summary>
    DeleteEarly,

    /// <summary>Rule 19: what leaves retention is named, and nobody deletes it.</summary>
    GarbageForgotten,

    /// <summary>A part of a committed checkpoint that is sent twice is thrown away.</summary>
    TwiceDiscarded,

    /// <summary>A later checkpoint is committed before a savepoint that was begun earlier.</summary>
    WantedOvertaken,

    /// <summary>What is asked for while the last checkpoint is under way is answered by nobody.</summary>
    RequestForgotten,
}
