using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>How a step of a cell ended.</summary>
public enum CellStep
{
    /// <summary>The cell has used its input up.</summary>
    NeedInput,

    /// <summary>The cell wants to go on once what it emitted is gone.</summary>
    MoreOutput,

    /// <summary>The cell waits for another task or for I/O, which will notify this one.</summary>
    Pending,
}

/// <summary>One place in a chain: an operator or an end of the chain, with its input and outputs. Owned by the chain's task.</summary>
public abstract class Cell
{
    /// <summary>The id of the operator it belongs to.</summary>
    public required string OperatorId { get; init; }

    /// <summary>What the task contributes to snapshots.</summary>
    public required TaskSnapshots Snapshots { get; init; }

    /// <summary>Whether a batch is waiting, or partly handled.</summary>
    public bool HasInput { get; set; }

    /// <summary>Whether the cell has something to do.</summary>
    public virtual bool HasWork => HasInput;

    /// <summary>When the clock must next be looked at; <see cref="Timestamp.MaxValue"/> for never.</summary>
    public virtual Timestamp NextProcessingTime => Timestamp.MaxValue;

    /// <summary>Whether the cell has passed the end of its input on.</summary>
    public bool IsEnded { get; protected set; }

    /// <summary>Goes on as far as its outputs have room. Called only while they are empty.</summary>
    public abstract CellStep Step();

    /// <summary>The clock has passed <see cref="NextProcessingTime"/>.</summary>
    public virtual void OnProcessingTime(Timestamp now) { }

    /// <summary>The chain has run out of input, or has kept something back for long: sends what waits for company.</summary>
    public virtual void Flush() { }

    /// <summary>The chain's head has passed a barrier on, which may have to wait on its way here: whoever reads the chain is told at once.</summary>
    public virtual void Announce(Barrier barrier) { }

    /// <summary>Whether the cell may send what its channels have no room for, or has to wait until they do.</summary>
    public virtual void Overdraw(bool mayOverdraw) { }

    /// <summary>The states it has, as snapshots see them.</summary>
    public virtual IReadOnlyList<StateSchema> States => [];

    /// <summary>
    /// A barrier has come: marks the state after everything before it. Called once what the barrier follows was handled; does not copy.
    /// </summary>
    public virtual OperatorCut Cut(Barrier barrier) => new(OperatorId, Snapshots.Subtask) { Watermark = Watermark };

    /// <summary>The task has finished: what a later snapshot has to know of the operator. Called by one thread at a time.</summary>
    /// <param name="confirmed">The newest checkpoint that was confirmed; what it has need not be told again.</param>
    public virtual OperatorCut FinalCut(long confirmed) => new(OperatorId, Snapshots.Subtask) { IsFinished = true };

    /// <summary>Takes up the state of a snapshot, before anything is opened. Called by one thread, which may not be the task's.</summary>
    public virtual ValueTask RestoreAsync(RestoredOperator restored, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Opens what the cell needs before its first record.</summary>
    public virtual ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Closes what was opened, after the last step.</summary>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The record being handled, for the message of an exception; null when there is none.</summary>
    public virtual object? CurrentRecord => null;

    /// <summary>Whether it is the operator itself, rather than a gate before it or a sender after it.</summary>
    public virtual bool IsOperator => true;

    /// <summary>What else it counts, by name.</summary>
    public virtual IEnumerable<(string Name, long Count)> Counts => [];

    /// <summary>Records that came in.</summary>
    public virtual long RecordsIn => 0;

    /// <summary>Records that went out by the main output.</summary>
    public virtual long RecordsOut => 0;

    /// <summary>Where event time stands; none where it does not exist.</summary>
    public virtual Timestamp Watermark => Timestamp.None;
}
