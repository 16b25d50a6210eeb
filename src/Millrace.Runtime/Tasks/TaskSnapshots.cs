using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>What one operator of a task contributes to a snapshot, at the moment of its cut.</summary>
/// <param name="OperatorId">The operator's id.</param>
/// <param name="Subtask">Which instance.</param>
public sealed record OperatorCut(string OperatorId, Subtask Subtask)
{
    /// <summary>Whether it has finished.</summary>
    public bool IsFinished { get; init; }

    /// <summary>Where event time stood; none without event time.</summary>
    public Timestamp Watermark { get; init; } = Timestamp.None;

    /// <summary>Slices of its keys for which event time is further than that.</summary>
    public IReadOnlyList<RangeWatermark> Ahead { get; init; } = [];

    /// <summary>Its operator states, with their items.</summary>
    public IReadOnlyList<StateEntry> States { get; init; } = [];

    /// <summary>Its keyed states, whose cut was begun.</summary>
    public IReadOnlyList<ISnapshotRows> Rows { get; init; } = [];

    /// <summary>What will be owed once it is durable; null for nothing.</summary>
    public Task<IReadOnlyList<OwedTransaction>>? Prepared { get; init; }
}

/// <summary>What a task contributes to a snapshot, with all rows copied: written by somebody else from here on.</summary>
/// <param name="Barrier">The barrier.</param>
/// <param name="Operators">The parts of its operators.</param>
/// <param name="Runs">The captured runs of each keyed state, by the state's operator.</param>
public sealed record TaskCut(
    Barrier Barrier, IReadOnlyList<OperatorCut> Operators, IReadOnlyList<(OperatorCut Operator, StateSchema State, IReadOnlyList<CapturedRun> Runs)> Runs);

/// <summary>Takes what tasks contribute to snapshots. Thread-safe.</summary>
public interface ISnapshotCollector
{
    /// <summary>A task has copied its part.</summary>
    void OnCut(StreamTask task, TaskCut cut);
}

/// <summary>
/// The part a task has in snapshots: collects the cuts of its operators as a barrier passes them, then copies captured rows a few at a time
/// between batches, then hands all of it over. Owned by one task.
/// </summary>
/// <param name="subtask">Which instance.</param>
public sealed class TaskSnapshots(Subtask subtask)
{
    readonly List<OperatorCut> _cuts = [];
    readonly Queue<(OperatorCut Operator, ISnapshotRows Rows)> _copying = new();
    readonly List<(OperatorCut Operator, StateSchema State, IReadOnlyList<CapturedRun> Runs)> _copied = [];
    Barrier? _barrier;
    StreamTask _task = null!;
    ISnapshotCollector _collector = NoCollector.Instance;
    int _operators;
    bool _awaitsInFlight;

    /// <summary>Which instance.</summary>
    public Subtask Subtask => subtask;

    /// <summary>The slice of the hash space the instance owns.</summary>
    public KeyRange Range { get; } = KeyRange.Of(subtask.Index, subtask.Parallelism);

    /// <summary>Whether its records come by key, so that those of a slice of the hash space come to the instance that owns the slice.</summary>
    public bool IsByKey { get; init; }

    /// <summary>Whether rows are left to copy.</summary>
    public bool HasWork => _copying.Count > 0;

    /// <summary>Tells whose parts these are, and who takes them. Once, before the first record.</summary>
    /// <param name="task">The task.</param>
    /// <param name="operators">How many of its cells are operators: a cut is whole when each has added its part.</param>
    /// <param name="collector">Who takes the parts.</param>
    public void Bind(StreamTask task, int operators, ISnapshotCollector collector)
    {
        _task = task;
        _operators = operators;
        _collector = collector;
    }

    /// <summary>The barrier is about to reach the first operator: what an earlier one still has to copy is copied now.</summary>
    /// <param name="barrier">The barrier.</param>
    /// <param name="isOvertaking">Whether records ahead of it are still to come, and are part of the snapshot.</param>
    public void Begin(Barrier barrier, bool isOvertaking = false)
    {
        Copy(int.MaxValue);
        if (_awaitsInFlight) Drop();
        Invariant.That(_cuts.Count == 0, "a barrier passes a whole chain before the next one comes");
        _barrier = barrier;
        _awaitsInFlight = isOvertaking;
    }

    /// <summary>All that the barrier has overtaken has come.</summary>
    /// <param name="operatorId">The operator it came for.</param>
    /// <param name="inFlight">The records.</param>
    public void CompleteInFlight(string operatorId, ISnapshotRows inFlight)
    {
        Invariant.That(_awaitsInFlight, "records are in flight only while a barrier overtakes them");
        _copied.Add((_cuts.First(c => c.OperatorId == operatorId), inFlight.Schema, inFlight.Take()));
        _awaitsInFlight = false;
        HandOverWhenWhole();
    }

    /// <summary>An operator has taken its cut.</summary>
    public void Add(Barrier barrier, OperatorCut cut)
    {
        Invariant.That(_barrier is not null && _barrier.Id == barrier.Id, "a barrier enters a chain at its head");
        _cuts.Add(cut);
        foreach (ISnapshotRows rows in cut.Rows) _copying.Enqueue((cut, rows));
        HandOverWhenWhole();
    }

    /// <summary>Copies some more.</summary>
    /// <param name="slots">How many slots may be looked at; exceeded by one segment at most.</param>
    public void Copy(int slots)
    {
        while (slots > 0 && _copying.TryPeek(out (OperatorCut Operator, ISnapshotRows Rows) next))
        {
            if (!next.Rows.Capture(ref slots)) return;
            _copying.Dequeue();
            _copied.Add((next.Operator, next.Rows.Schema, next.Rows.Take()));
        }

        HandOverWhenWhole();
    }

    /// <summary>A later barrier has come before all that this one overtook: some channel never delivers it, so nobody waits for it.</summary>
    void Drop()
    {
        foreach (CapturedRun run in _copied.SelectMany(static c => c.Runs)) run.Dispose();
        _copied.Clear();
        _cuts.Clear();
    }

    void HandOverWhenWhole()
    {
        if (_copying.Count > 0 || _awaitsInFlight || _cuts.Count == 0 || _cuts.Count < _operators) return;
        TaskCut cut = new(_barrier!, [.. _cuts], [.. _copied]);
        _cuts.Clear();
        _copied.Clear();
        _collector.OnCut(_task, cut);
    }

    /// <summary>Where parts go when nobody takes snapshots.</summary>
    sealed class NoCollector : ISnapshotCollector
    {
        public static readonly NoCollector Instance = new();

        public void OnCut(StreamTask task, TaskCut cut) =>
            throw new System.Diagnostics.UnreachableException("a task whose snapshots nobody takes has seen a barrier");
    }
}
