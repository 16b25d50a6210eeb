using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>Where a process is in the life of a job.</summary>
enum LifeStage
{
    Idle,
    Opening,
    Settling,
    Sweeping,
    Gathering,
    Beginning,
    Running,
    Closing,
    Ending,
    EndSweeping,
    StopGathering,
    StopSettling,
    Over,
}

/// <summary>Who waits for the entry that is being written.</summary>
enum LifeTurn
{
    None,
    Stage,
    Sweep,
    Complete,
    Gather,
    Stop,
}

/// <summary>What came of a request.</summary>
enum LifeAnswer : byte
{
    None,
    Pending,
    Taken,
    Refused,
}

/// <summary>A part that a worker owes.</summary>
/// <param name="Worker">Which worker.</param>
/// <param name="Barrier">The barrier.</param>
/// <param name="IsFinal">Whether the tasks had finished before it came.</param>
/// <param name="IsStray">Whether nobody waits for it: given up, or sent before.</param>
sealed record LifePart(int Worker, Barrier Barrier, bool IsFinal, bool IsStray);

/// <summary>A checkpoint that is being written.</summary>
sealed record LifeCompleting(CheckpointAttempt Attempt, ImmutableArray<long> Parents)
{
    public CheckpointPage? Page { get; init; }

    public SnapshotManifest? Manifest { get; init; }

    public LedgerEvent.CheckpointCommitted? Committed { get; init; }

    public bool IsWritten { get; init; }
}

/// <summary>What follows a committed checkpoint.</summary>
sealed record LifeFollow(CheckpointAttempt Attempt, SnapshotReference Snapshot)
{
    /// <summary>0 begins, 1 commits, 2 deletes, 3 gathers, 4 records, 5 answers.</summary>
    public int Step { get; init; }

    /// <summary>Still to be committed.</summary>
    public ImmutableArray<OwedTransaction> Left { get; init; } = [];

    /// <summary>Whether somebody who asked for an earlier checkpoint is answered with this one.</summary>
    public bool AnswersManual { get; init; }

    public bool IsRefused { get; init; }
}

/// <summary>One deployment, as its leader sees it.</summary>
sealed record LifeTasks
{
    public required AttemptId Attempt { get; init; }

    public required CheckpointState Checkpoints { get; init; }

    public JobState Job { get; init; } = new JobState.Starting();

    public TimeSpan Now { get; init; }

    public UnrecordedDeeds Deeds { get; init; } = UnrecordedDeeds.None;

    public ToldTransactions Told { get; init; } = ToldTransactions.None;

    /// <summary>What this deployment has committed and the ledger still owes.</summary>
    public ImmutableArray<TransactionName> Committed { get; init; } = [];

    public ImmutableArray<LifePart> Parts { get; init; } = [];

    /// <summary>At which barriers sinks sealed something; <see cref="long.MaxValue"/> for the end of the input.</summary>
    public ImmutableArray<long> Sealed { get; init; } = [];

    /// <summary>Checkpoints whose barriers finished tasks were given.</summary>
    public ImmutableArray<long> Given { get; init; } = [];

    public bool AreFinished { get; init; }

    public bool IsEndedByStop { get; init; }

    /// <summary>Transactions of earlier deployments that the sink has found; default before it has looked.</summary>
    public ImmutableArray<string> Abandoned { get; init; }

    public LifeCompleting? Completing { get; init; }

    public ImmutableArray<LifeFollow> Following { get; init; } = [];

    public ImmutableArray<long> Confirmed { get; init; } = [];

    /// <summary>The checkpoint after which none begins, unless it fails; 0 for none.</summary>
    public long Last { get; init; }

    /// <summary>Whether the coordinator takes no more events.</summary>
    public bool IsLoopOver { get; init; }

    public LifeAnswer Manual { get; init; }

    public LifeAnswer Savepoint { get; init; }

    public LifeAnswer Stop { get; init; }

    /// <summary>Whether the stop is recorded, so that the savepoint may be asked for.</summary>
    public bool IsStopRecorded { get; init; }

    public LifeAnswer Final { get; init; }

    public CheckpointPage? Page { get; init; }
}

/// <summary>One process.</summary>
sealed record LifeProcess(int Index, LeaderState Leader, LifeStage Stage)
{
    public LifeTurn Turn { get; init; }

    /// <summary>What a settlement has committed.</summary>
    public ImmutableArray<TransactionName> Settled { get; init; } = [];

    public bool IsGatheringRefused { get; init; }

    public bool IsRestart { get; init; }

    public RestartState Restarts { get; init; } = RestartState.Begin(0);

    public LifeTasks? Tasks { get; init; }

    /// <summary>How the job was asked to end; null when it was not.</summary>
    public LedgerEvent? Asked { get; init; }

    /// <summary>How it ends.</summary>
    public LedgerEvent? End { get; init; }
}

/// <summary>Everything in one state of an exploration of lives.</summary>
sealed record LifeWorld : IExplored
{
    public required ImmutableArray<LifeProcess> Processes { get; init; }

    public required LifeBudget Budget { get; init; }

    public ExploredStore Ledger { get; init; } = ExploredStore.Empty;

    public ExploredSet<string> Deleted { get; init; } = ExploredSet<string>.Empty;

    public ExploredSet<string> Prepared { get; init; } = ExploredSet<string>.Empty;

    public ExploredSet<string> Committed { get; init; } = ExploredSet<string>.Empty;

    public ExploredSet<string> Aborted { get; init; } = ExploredSet<string>.Empty;

    /// <summary>The last entry that was reported.</summary>
    public string Reported { get; init; } = LedgerEntry.None;

    /// <summary>What was done last, for people.</summary>
    public string Did { get; init; } = "";

    /// <summary>The state before, where paths are kept.</summary>
    public LifeWorld? Before { get; init; }

    public string? Broken { get; init; }

    public LifeWorld With(LifeProcess process) => this with { Processes = Processes.SetItem(process.Index, process) };

    public LifeWorld With(int i, LifeTasks tasks) => With(Processes[i] with { Tasks = tasks });

    public UInt128 Fingerprint()
    {
        LifeHash hash = new(Ledger.Fingerprint());
        foreach (LifeProcess process in Processes) hash.Add(process);
        foreach (UInt128 set in (ReadOnlySpan<UInt128>)[Deleted.Hash, Prepared.Hash, Committed.Hash, Aborted.Hash]) hash.Add(set);
        hash.Add(Reported);
        hash.Add(Budget.Key);
        return hash.Value;
    }
}
