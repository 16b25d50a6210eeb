namespace Millrace.Runtime.Tasks;

/// <summary>How a step of a task ended.</summary>
public enum TaskStep
{
    /// <summary>There is more to do at once.</summary>
    More,

    /// <summary>The task waits to be notified.</summary>
    Waiting,

    /// <summary>All input was handled and passed on; there is never more to do.</summary>
    Finished,
}

/// <summary>
/// Runs a chain of cells: the most downstream one that has something to do goes first, so that nothing piles up between them and any
/// of them can stop half-way. A step is short: one input batch, or a few output batches, or a millisecond. Owned by one task.
/// </summary>
/// <param name="head">Where batches come from.</param>
/// <param name="cells">The cells, each after those it reads.</param>
/// <param name="time">The clock.</param>
/// <param name="snapshots">The task's part in snapshots.</param>
public sealed class ChainDriver(Head head, Cell[] cells, TimeProvider time, TaskSnapshots snapshots)
{
    readonly long _stepTicksMax = (long)(Limits.StepTimeMax.TotalSeconds * time.TimestampFrequency);
    readonly long _flushTicks = (long)(Limits.WatermarkInterval.TotalSeconds * time.TimestampFrequency);
    readonly Cell[] _all = [head, .. cells];
    long _flushed = time.GetTimestamp();
    bool _isOverdrawing;

    /// <summary>The head and the cells.</summary>
    public IReadOnlyList<Cell> Cells => _all;

    /// <summary>The cell that runs, or ran last: the one to name when something is wrong.</summary>
    public Cell Current { get; private set; } = head;

    /// <summary>When the clock must next be looked at; the end of time for never.</summary>
    public Timestamp NextProcessingTime
    {
        get
        {
            Timestamp next = Timestamp.MaxValue;
            foreach (Cell cell in _all)
            {
                if (cell.NextProcessingTime < next) next = cell.NextProcessingTime;
            }

            return next;
        }
    }

    /// <summary>Goes on for a short while.</summary>
    public TaskStep Step()
    {
        long start = time.GetTimestamp();
        if (start - _flushed > _flushTicks) Flush(start);
        FireTimers();
        bool isFed = false;
        for (int outputs = 0; outputs < Limits.StepOutputBatchesMax;)
        {
            if (NextWithWork() is { } cell)
            {
                Current = cell;
                CellStep step = cell.Step();
                if (step == CellStep.Pending)
                {
                    if (TryOverdraw()) continue;
                    head.IsHeldBack = true;
                    // Other branches and channels should not wait for the one that is blocked.
                    Flush(start);
                    return CopyOr(TaskStep.Waiting);
                }

                if (step == CellStep.NeedInput) continue;
                outputs++;
                if (time.GetTimestamp() - start > _stepTicksMax) return TaskStep.More;
                continue;
            }

            if (_isOverdrawing && (head.IsEnded || !head.HasBarrierDue))
            {
                // The barrier is where it belongs: what had no room gets it before anything more is read.
                Overdraw(false);
                continue;
            }

            if (isFed) return TaskStep.More;
            if (head.IsEnded) return CopyOr(TaskStep.Finished);
            // A snapshot under way gets its share between any two batches, so that it ends soon and no record waits long.
            CopyOr(TaskStep.More);
            Current = head;
            head.IsHeldBack = false;
            switch (head.Pull())
            {
                case PullResult.Published when head.Passed is not null:
                    Announce();
                    break;
                case PullResult.Again: return TaskStep.More;
                case PullResult.Dry:
                    if (head.IsEnded) return CopyOr(TaskStep.Finished);
                    Flush(start);
                    return CopyOr(TaskStep.Waiting);
            }

            isFed = true;
        }

        return TaskStep.More;
    }

    /// <summary>
    /// Something waits for room, and a barrier behind it that must not: others may be waiting for that before they make any. What is before the barrier goes
    /// beyond the room there is, which is no more than what one batch of the head becomes.
    /// </summary>
    /// <returns>Whether the chain can go on now.</returns>
    bool TryOverdraw()
    {
        if (_isOverdrawing || !head.HasBarrierDue || (head.IsEnded && !Array.Exists(cells, static c => c.HasInput))) return false;
        Overdraw(true);
        return true;
    }

    void Overdraw(bool mayOverdraw)
    {
        _isOverdrawing = mayOverdraw;
        foreach (Cell cell in cells) cell.Overdraw(mayOverdraw);
    }

    void Announce()
    {
        foreach (Cell cell in cells) cell.Announce(head.Passed!);
        head.ForgetPassed();
    }

    /// <summary>Copies some rows for a snapshot, if there are any to copy: then there is more to do, whatever was to be said otherwise.</summary>
    TaskStep CopyOr(TaskStep otherwise)
    {
        if (!snapshots.HasWork) return otherwise;
        snapshots.Copy(Limits.CopySlots);
        return TaskStep.More;
    }

    Cell? NextWithWork()
    {
        for (int i = cells.Length - 1; i >= 0; i--)
        {
            if (cells[i].HasWork) return cells[i];
        }

        return null;
    }

    void Flush(long now)
    {
        _flushed = now;
        foreach (Cell cell in cells) cell.Flush();
    }

    void FireTimers()
    {
        Timestamp next = NextProcessingTime;
        if (next == Timestamp.MaxValue) return;
        Timestamp now = Timestamp.FromDateTimeOffset(time.GetUtcNow());
        // A deadline d has passed once the clock shows more than d, as a watermark d says that nothing at d is left.
        if (now <= next) return;
        foreach (Cell cell in _all)
        {
            if (cell.NextProcessingTime < now) cell.OnProcessingTime(now);
        }
    }
}
