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

    /// <summary>Which instance.</summary>
    public Subtask Subtask => subtask;

    /// <summary>The slice of the hash space the instance owns.</summary>
    public KeyRange Range { get; } = KeyRange.Of(subtask.Index, subtask.Parallelism);

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
    public void Begin(Barrier barrier)
    {
        if (_barrier is not null && _barrier.Id == barrier.Id) return;
        Copy(int.MaxValue);
        Invariant.That(_cuts.Count == 0, "a barrier passes a whole chain before the next one comes");
        _barrier = barrier;
    }

    /// <summary>An operator has taken its cut.</summary>
    public void Add(Barrier barrier, OperatorCut cut)
    {
        Invariant.That(_barrier is not null && _barrier.Id == barrier.Id, "a barrier enters a chain at its head");
        _cuts.Add(cut);
        foreach (ISnapshotRows rows in cut.Rows) _copying.Enqueue((cut, rows));
        if (_cuts.Count == _operators && _copying.Count == 0) HandOver();
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

        if (_copying.Count == 0 && _cuts.Count == _operators && _cuts.Count > 0) HandOver();
    }

    void HandOver()
    {
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
