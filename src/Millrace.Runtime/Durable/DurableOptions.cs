using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>Where a job keeps its state, and what a start of it asks for. Immutable.</summary>
public sealed record DurableOptions
{
    /// <value>The store. Borrowed; the job keeps to the folder of its name.</value>
    public required IObjectStore Store { get; init; }

    /// <value>Opens the store of another folder: savepoints, snapshots to start from. What it opens is disposed of by the job.</value>
    public required Func<string, CancellationToken, ValueTask<IObjectStore>> OpenStore { get; init; }

    /// <value>The folder under which savepoints get folders of their own when none is asked for, as an address.</value>
    public required string SavepointRoot { get; init; }

    /// <summary>
    /// The address of <see cref="Store"/>, as <see cref="OpenStore"/> takes it: what lies in it is recorded relatively, so that it can be moved and copied. The default is null: every
    /// address is recorded as it is.
    /// </summary>
    public string? StorageRoot { get; init; }

    /// <value>When and how checkpoints are taken.</value>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <value>How packs are written.</value>
    public PackOptions Packs { get; init; } = new();

    /// <value>What follows a failure. The default restarts after 1 s, then later and later, up to 1 min.</value>
    public RestartPolicy Restart { get; init; } = RestartPolicy.Default;

    /// <value>Where to begin. The default is to go on where the job was.</value>
    public StartFrom From { get; init; } = new StartFrom.Unsaid();

    /// <value>Whether a line of history that is not over may be left.</value>
    public bool IsRewind { get; init; }

    /// <value>Whether sinks may get again what they committed.</value>
    public bool AcceptsDuplicates { get; init; }

    /// <value>Whether a snapshot may be started from whose windows and timers have all fired.</value>
    public bool AcceptsDrained { get; init; }

    /// <value>Whether the folder of the savepoint is deleted after the first checkpoint.</value>
    public bool IsClaim { get; init; }

    /// <value>Operators, or <c>operator/state</c>, whose state is dropped.</value>
    public IReadOnlyList<string> Drops { get; init; } = [];

    /// <value>Operators whose records in flight are dropped.</value>
    public IReadOnlyList<string> InFlightDrops { get; init; } = [];

    /// <value>Operators whose state goes to one of another id.</value>
    public IReadOnlyList<StateRename> Renames { get; init; } = [];

    /// <value>This process, for people: machine and process id.</value>
    public string Leader { get; init; } = "";

    /// <value>Where this process can be reached, as a URL; empty when it cannot.</value>
    public string Endpoint { get; init; } = "";

    /// <value>Entries after which a leader begins a new term: a simulation rolls often.</value>
    internal int EntriesPerTerm { get; init; } = new LedgerOptions().EntriesPerTerm;

    /// <value>How the rows of snapshots are seen: a simulation breaks them on purpose.</value>
    internal Func<Tasks.IRestoredRows, Tasks.IRestoredRows> RowsView { get; init; } = static rows => rows;

    /// <value>How leader and workers talk; null for roles in this process, which hand messages over as they are.</value>
    internal Transport.ITransport? Transport { get; init; }

    /// <value>How leader and workers find out that the other has fallen silent, where it can.</value>
    internal Roles.HeartbeatOptions Beats { get; init; } = Roles.HeartbeatOptions.Default;

    /// <value>Whether the process that leads has a worker of its own; otherwise one that is elsewhere has to come.</value>
    internal bool HostsWorker { get; init; } = true;

    /// <value>How many workers share the tasks of the job; no more than there are instances of the operator that has most.</value>
    internal int Workers { get; init; } = 1;

    /// <value>How long a worker waits before it looks for the leader again.</value>
    internal TimeSpan WorkerRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <value>Asks whoever holds the newest claim whether it leads the job; not called for claims without an endpoint. The default takes everybody for gone.</value>
    public Func<TermClaim, CancellationToken, ValueTask<LeaderAnswer>> AskLeader { get; init; } = static (_, _) => ValueTask.FromResult<LeaderAnswer>(new LeaderAnswer.Gone());

    /// <value>When the job is taken over from a leader that does not answer.</value>
    public TakeoverOptions Takeover { get; init; } = new();

    /// <value>What a process that waited knows of whoever leads; null for one that begins.</value>
    internal LeaderWatch? Watch { get; init; }

    /// <value>Told that the job was taken up: where it was asked to begin is honoured.</value>
    internal Action TakenUp { get; init; } = static () => { };

    /// <value>
    /// Asks the process that holds the newest claim to another job to change what it keeps; or, without a change, whether it can be asked. Used where a start begins with a checkpoint
    /// of that job, which must not be deleted meanwhile. The default cannot ask anybody, so that such a start is refused while that job may run.
    /// </value>
    public Func<TermClaim, LedgerEdit?, CancellationToken, ValueTask<LeaderAnswer>> AskLender { get; init; } =
        static (_, _, _) => ValueTask.FromResult<LeaderAnswer>(new LeaderAnswer.Silent("this program does not know how to ask it"));

    /// <value>Told what operators of the job should know: one line each. Any thread.</value>
    public Action<string> Tell { get; init; } = static _ => { };

    /// <value>Told of every checkpoint. Any thread.</value>
    public Action<CheckpointStatistics> CheckpointTaken { get; init; } = static _ => { };

    /// <value>The version of the engine, for manifests.</value>
    public string Engine { get; init; } = typeof(DurableOptions).Assembly.GetName().Version?.ToString(3) ?? "";
}

/// <summary>A start refuses to begin. Nothing was changed.</summary>
/// <param name="why">Sentences that name the choices.</param>
public sealed class StartRefusedException(string why) : Exception(why);

/// <summary>Another process leads the job.</summary>
/// <param name="claim">Its claim.</param>
public sealed class JobLedElsewhereException(TermClaim claim)
    : Exception($"the job is run by {(claim.Leader.Length > 0 ? claim.Leader : "another process")}"
        + $"{(claim.Endpoint.Length > 0 ? $" ({claim.Endpoint.Split('?')[0]})" : "")} since {claim.ClaimedAt:u}")
{
    /// <summary>Its claim.</summary>
    public TermClaim Claim => claim;
}
