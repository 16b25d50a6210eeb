using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>How one run of the trial's job is started.</summary>
sealed record TrialStart
{
    public TrialGate Gate { get; init; } = new();

    /// <value>The process; one that never dies unless said.</value>
    public TrialProcess? Process { get; init; }

    /// <value>The store as this run sees it; that of the trial unless said.</value>
    public IObjectStore? Store { get; init; }

    public int Parallelism { get; init; } = 2;

    public int Threads { get; init; } = 2;

    public int Workers { get; init; } = 1;

    public StartFrom From { get; init; } = new StartFrom.Unsaid();

    public bool IsRewind { get; init; }

    public bool AcceptsDuplicates { get; init; }

    public bool AcceptsDrained { get; init; }

    /// <value>Checkpoints are taken when the test asks for them, unless said.</value>
    public CheckpointOptions Checkpoints { get; init; } = new() { Interval = TimeSpan.FromHours(1) };

    public RestartPolicy Restart { get; init; } = new RestartPolicy.None();

    public Action<Reading> OnRecord { get; init; } = static _ => { };

    public string SavepointRoot { get; init; } = "memory://savepoints";

    public Func<string, CancellationToken, ValueTask<IObjectStore>>? OpenStore { get; init; }

    public JobGraph? Graph { get; init; }

    public bool IsClaim { get; init; }

    /// <value>Where the process can be asked; nowhere unless said.</value>
    public string Endpoint { get; init; } = "";

    /// <value>How the leader of another job is asked; it cannot be, unless said.</value>
    public Func<TermClaim, LedgerEdit?, CancellationToken, ValueTask<LeaderAnswer>>? AskLender { get; init; }

    public Action<CheckpointStatistics> Taken { get; init; } = static _ => { };
}

/// <summary>One job with everything that outlives its processes: store, sink, and what was said.</summary>
sealed class Trial
{
    readonly List<string> _told = [];

    public TrialFlow.Input Input { get; init; } = new(4, 150);

    /// <summary>The name of the job.</summary>
    public string Name { get; init; } = TrialFlow.Name;

    public MemoryObjectStore Store { get; init; } = new(TimeProvider.System);

    public ModelTable Table { get; } = new();

    public List<string> Told
    {
        get
        {
            lock (_told) return [.. _told];
        }
    }

    public DurableJob Start(TrialStart? how = null)
    {
        how ??= new();
        IObjectStore store = how.Store ?? (how.Process is { } process ? process.StoreOver(Store) : Store);
        DurableOptions durable = new()
        {
            Store = store,
            OpenStore = how.OpenStore ?? ((address, _) => new(store.Under(address["memory://".Length..]))),
            SavepointRoot = how.SavepointRoot,
            Checkpoints = how.Checkpoints,
            Restart = how.Restart,
            From = how.From,
            IsRewind = how.IsRewind,
            AcceptsDuplicates = how.AcceptsDuplicates,
            AcceptsDrained = how.AcceptsDrained,
            CheckpointTaken = how.Taken,
            Workers = how.Workers,
            IsClaim = how.IsClaim,
            Endpoint = how.Endpoint,
            AskLender = how.AskLender ?? new DurableOptions { Store = store, OpenStore = static (_, _) => default, SavepointRoot = "" }.AskLender,
            Tell = line =>
            {
                lock (_told) _told.Add(line);
            },
        };
        JobGraph graph = how.Graph ?? TrialFlow.Graph(Input, how.Gate, new ModelSink(Table) { Process = how.Process }, how.OnRecord, Name);
        DurableJob job = EmbeddedCluster.StartDurable(graph, new() { Parallelism = how.Parallelism, Threads = how.Threads }, durable);
        _ = EndLateAsync(job, how.Gate);
        return job;
    }

    /// <summary>A job that hangs is ended, so that the test that waits for it fails and says what the job had done.</summary>
    async Task EndLateAsync(DurableJob job, TrialGate gate)
    {
        if (await Task.WhenAny(job.Completion, Task.Delay(TrialAssert.LimitMs / 2)) == job.Completion) return;
        lock (_told) _told.Add($"hangs: {gate.Passed} passed, {string.Join(", ", job.Status.Operators)}");
        job.Cancel();
    }

    /// <summary>Starts, reads up to a limit, and waits until that is in the state.</summary>
    public async Task<DurableJob> StartAsync(TrialStart how, int limit, int from = 0)
    {
        how.Gate.Open(limit);
        DurableJob job = Start(how);
        await job.PassedAsync(how.Gate, Input.Below(limit) - Input.Below(from));
        return job;
    }

    /// <summary>Runs to the end, from wherever the job is.</summary>
    public async Task<JobResult> RunAsync(TrialStart? how = null) => await Start(how).Completion;

    public async Task<LedgerState?> StateAsync() =>
        (await LedgerReader.ReadAsync(Store.Under(Name), new LedgerKeys(""), Name, TimeProvider.System, new(), default))?.State;

    /// <summary>The output is exact, and everything the ledger keeps is whole.</summary>
    public async Task AssertExactAsync(string context = "")
    {
        TrialAssert.Same(TrialFlow.Answer(Input), Table.Visible, context);
        Assert.Equal(0, Table.Prepared);
        await AssertKeptAsync();
    }

    public async Task<LedgerState> AssertKeptAsync()
    {
        LedgerState state = (await StateAsync())!;
        IObjectStore folder = Store.Under(Name);
        foreach (SnapshotReference kept in state.Kept)
        {
            SnapshotReader reader = await SnapshotReader.OpenAsync(folder, kept.Key, kept.Sha256, default);
            for (int pack = 0; pack < reader.Manifest.Packs.Count; pack++) await reader.OpenPackAsync(pack, default);
        }

        return state;
    }
}

static class TrialAssert
{
    /// <summary>A test that takes longer hangs, and fails. On a busy machine the longest takes a tenth of it.</summary>
    public const int LimitMs = 180_000;

    /// <summary>Compares outputs as bags, and says what is missing and what is too much.</summary>
    public static void Same(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string context)
    {
        if (expected.SequenceEqual(actual)) return;
        Assert.Fail($"{context}: {Difference.OfBags(expected, actual)}");
    }

    public static List<string> Without(IReadOnlyList<string> lines, IReadOnlyList<string> others) => Difference.Without(lines, others);

    public static List<string> Sorted(params IEnumerable<string>[] parts) => [.. parts.SelectMany(static p => p).Order(StringComparer.Ordinal)];

    /// <summary>Waits until so many records went through, or the job has ended.</summary>
    public static async Task PassedAsync(this DurableJob job, TrialGate gate, long count) => await Task.WhenAny(gate.PassedAsync(count), job.Completion);

    public static async Task<CheckpointAnswer.Taken> TakenAsync(this Task<CheckpointAnswer> asked) => Assert.IsType<CheckpointAnswer.Taken>(await asked);
}
