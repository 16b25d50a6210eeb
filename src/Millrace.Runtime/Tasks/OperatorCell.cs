using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>An operator in its chain: takes it through each batch in order - records, watermark, signal - and the clock.</summary>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public sealed class OperatorCell<TIn, TOut>(IOperator<TIn, TOut> op, Link<TIn> input, OutputPort<TOut> main, IOutputPort[] sides) : Cell
{
    enum Stage { Records, Watermark, Signal }

    Stage _stage;
    int _position;
    Timestamp _firing = Timestamp.None;
    Timestamp _time = Timestamp.None;
    long _recordsIn;
    bool _hadEnded;

    /// <summary>Opens the operator's function; set when it has one.</summary>
    public FunctionLifetime? Lifetime { get; init; }

    /// <inheritdoc/>
    public override bool HasWork => HasInput || !_firing.IsNone || HasOverdraft();

    /// <inheritdoc/>
    public override Timestamp NextProcessingTime =>
        // Once it is told that the time has come there is no need to be woken for it again, however long the outputs are full.
        _firing.IsNone ? op.NextProcessingTime : Timestamp.MaxValue;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, long Count)> Counts =>
        [.. op.Counts, ("overdraftRecords", main.Buffer.OverdraftTotal), ("sideOutputUnread", main.Buffer.UnreadTotal)];

    /// <inheritdoc/>
    public override long RecordsIn => _recordsIn;

    /// <inheritdoc/>
    public override long RecordsOut => main.RecordsTotal;

    /// <inheritdoc/>
    public override Timestamp Watermark => input.Watermark;

    /// <inheritdoc/>
    public override object? CurrentRecord =>
        _firing.IsNone && _stage == Stage.Records && HasInput && _position < input.Batch.Count ? input.Batch.Values[_position] : null;

    /// <inheritdoc/>
    public override ValueTask OpenAsync(CancellationToken cancellationToken) => Lifetime?.OpenAsync(cancellationToken) ?? ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        (op as IDisposable)?.Dispose();
        return Lifetime?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StateSchema> States => [.. op.SnapshotRows.Select(static r => r.Schema), .. op.Lists?.Schemas ?? []];

    /// <inheritdoc/>
    public override OperatorCut Cut(Barrier barrier)
    {
        RowsCut cut = new(barrier.Id, barrier.Confirmed, Snapshots.Range, barrier.IsSavepoint, barrier.Worn);
        foreach (ISnapshotRows rows in op.SnapshotRows) rows.Begin(cut);
        return new(OperatorId, Snapshots.Subtask)
        {
            Watermark = op.HasOwnTime ? op.OwnTime : Watermark,
            Ahead = op.Ahead,
            Rows = op.SnapshotRows,
            States = op.Lists?.Cut(Snapshots.Subtask.Index) ?? [],
        };
    }

    /// <inheritdoc/>
    public override async ValueTask RestoreAsync(RestoredOperator restored, CancellationToken cancellationToken)
    {
        await restored.RestoreRowsAsync(op.SnapshotRows, Snapshots.Range, cancellationToken).ConfigureAwait(false);
        op.Lists?.Restore(restored.Entry, Snapshots.Subtask);
        Timestamp time = restored.WatermarkOf(Snapshots);
        op.OnRestored(time, restored.AheadOf(Snapshots.Range, time));
        if (!op.HasOwnTime)
        {
            // One that goes by the clock has the clock's time in the snapshot; that of the stream it reads is another's to tell.
            _time = time;
            input.StartAt(time);
        }

        // What it emits at the end of its input is in the output already.
        _hadEnded = restored.IsFinished;
    }

    /// <inheritdoc/>
    public override void OnProcessingTime(Timestamp now) => _firing = now;

    /// <inheritdoc/>
    public override CellStep Step()
    {
        foreach (IOutputPort side in sides)
        {
            if (side.IsFull) return CellStep.MoreOutput;
        }

        bool fits = main.Begin();
        foreach (IOutputPort side in sides) fits &= side.Begin();
        bool done = fits && main.Buffer.HasRoom && FireTimers() && (!HasInput || Advance());
        main.End();
        foreach (IOutputPort side in sides) side.End();
        return done && !HasOverdraft() ? CellStep.NeedInput : CellStep.MoreOutput;
    }

    bool FireTimers()
    {
        if (_firing.IsNone) return true;
        if (!op.OnProcessingTime(_firing, main.Buffer)) return false;
        _firing = Timestamp.None;
        return !main.HasOverdraft && main.Buffer.HasRoom;
    }

    /// <summary>Goes on with the batch; true once it is used up.</summary>
    bool Advance()
    {
        Batch<TIn> batch = input.Batch;
        if (_stage == Stage.Records)
        {
            if (_position < batch.Count) op.Process(batch, ref _position, main.Buffer);
            if (_position < batch.Count || HasOverdraft()) return false;
            _recordsIn += batch.Count;
            _stage = Stage.Watermark;
        }

        if (_stage == Stage.Watermark)
        {
            if (!AdvanceTime(batch)) return false;
            _stage = Stage.Signal;
        }

        if (batch.Signal == ChannelSignal.End)
        {
            if (!main.Buffer.HasRoom || !(_hadEnded || op.OnEnd(main.Buffer)) || HasOverdraft()) return false;
            IsEnded = true;
        }

        if (batch.Barrier is { } barrier && !Pass(barrier)) return false;
        SendSignal(batch.Signal);
        _stage = Stage.Records;
        _position = 0;
        HasInput = false;
        input.Release();
        return true;
    }

    /// <summary>Marks the operator's state at a barrier and sends it on; false when draining wants to emit more first.</summary>
    bool Pass(Barrier barrier)
    {
        if (barrier.IsDrain)
        {
            if (!main.Buffer.HasRoom || !op.OnWatermark(Timestamp.MaxValue, main.Buffer) || HasOverdraft()) return false;
        }

        Snapshots.Add(barrier, Cut(barrier));
        main.SetBarrier(barrier);
        foreach (IOutputPort side in sides) side.SetBarrier(barrier);
        return true;
    }

    /// <summary>Takes the operator to the watermark; the end of input is the last of them.</summary>
    bool AdvanceTime(Batch<TIn> batch)
    {
        bool isEnd = batch.Signal == ChannelSignal.End;
        Timestamp watermark = isEnd ? Timestamp.MaxValue : batch.Watermark;
        if (watermark.IsNone) return true;
        if (watermark > _time && (!main.Buffer.HasRoom || !op.OnWatermark(watermark, main.Buffer))) return false;
        _time = watermark;
        if (HasOverdraft()) return false;
        if (!batch.Watermark.IsNone)
        {
            main.SetWatermark(batch.Watermark, batch.IsWatermarkExact);
            foreach (IOutputPort side in sides) side.SetWatermark(batch.Watermark, batch.IsWatermarkExact);
        }

        return true;
    }

    void SendSignal(ChannelSignal signal)
    {
        if (signal == ChannelSignal.None) return;
        main.SetSignal(signal);
        foreach (IOutputPort side in sides) side.SetSignal(signal);
    }

    bool HasOverdraft()
    {
        if (main.HasOverdraft) return true;
        foreach (IOutputPort side in sides)
        {
            if (side.HasOverdraft) return true;
        }

        return false;
    }
}
