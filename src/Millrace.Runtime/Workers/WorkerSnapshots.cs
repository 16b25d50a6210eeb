using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Workers;

/// <summary>Whom a worker tells of its part in snapshots. Called on any thread.</summary>
public interface ISnapshotLeader
{
    /// <summary>All of it is durable.</summary>
    void OnSnapshot(WorkerSnapshot snapshot);

    /// <summary>The worker cannot take part.</summary>
    void OnDeclined(SnapshotDeclined declined);

    /// <summary>What was sealed cannot be prepared, so records would be lost: the deployment has failed.</summary>
    void OnFailed(Exception failure);
}

/// <summary>
/// Gathers what the tasks of a worker contribute to each snapshot, writes it into packs in the background, and tells the leader once all
/// of it is durable. Thread-safe.
/// </summary>
/// <param name="packsOf">Begins the packs of a snapshot, whose requests are counted.</param>
/// <param name="leader">Whom to tell.</param>
/// <param name="cancellation">Cancelled when the deployment is.</param>
public sealed class WorkerSnapshots(Func<Barrier, StoreMeter, PackWriter> packsOf, ISnapshotLeader leader, CancellationToken cancellation) : ISnapshotCollector
{
    readonly Lock _lock = new();   // guards everything below
    readonly Dictionary<long, PendingSnapshot> _pending = [];
    readonly List<FinishedTask> _finished = [];
    readonly HashSet<long> _begun = [];
    IReadOnlyList<StreamTask> _tasks = [];
    long _confirmed;

    /// <summary>Tells which tasks take part. Once, before the first barrier.</summary>
    public void Bind(IReadOnlyList<StreamTask> tasks) => _tasks = tasks;

    /// <summary>A barrier is about to be given to the sources; or has come already, from sources at another worker.</summary>
    public void Begin(Barrier barrier)
    {
        List<(StreamTask Task, TaskCut Cut)> final;
        lock (_lock)
        {
            // One that overtook another may be heard of before it.
            if (barrier.Id <= _confirmed || !_begun.Add(barrier.Id)) return;
            _confirmed = Math.Max(_confirmed, barrier.Confirmed);
            _begun.RemoveWhere(id => id <= _confirmed);
            StoreMeter meter = new();
            _pending.Add(barrier.Id, new(barrier, packsOf(barrier, meter), meter, [.. _tasks]));
            final = [.. _finished.Select(f => (f.Task, f.CutFor(barrier)))];
        }

        foreach ((StreamTask task, TaskCut cut) in final) Take(task, cut);
    }

    /// <inheritdoc/>
    public void OnCut(StreamTask task, TaskCut cut)
    {
        Begin(cut.Barrier);
        Take(task, cut);
    }

    /// <summary>A task has handled all its input: what later snapshots need of it does not change any more.</summary>
    public void OnFinished(StreamTask task)
    {
        FinishedTask finished = new(task);
        List<TaskCut> cuts;
        lock (_lock)
        {
            _finished.Add(finished);
            cuts = [.. _pending.Values.Where(p => p.Waits(task)).Select(p => finished.CutFor(p.Barrier))];
        }

        foreach (TaskCut cut in cuts) Take(task, cut);
    }

    /// <summary>The leader has given a checkpoint up.</summary>
    public void Abort(long id)
    {
        PendingSnapshot? pending;
        lock (_lock)
        {
            if (!_pending.Remove(id, out pending)) return;
        }

        _ = pending.GiveUpAsync();
    }

    void Take(StreamTask task, TaskCut cut)
    {
        PendingSnapshot? pending;
        lock (_lock)
        {
            if (!_pending.TryGetValue(cut.Barrier.Id, out pending) || !pending.TryTake(task)) pending = null;
        }

        if (pending is null)
        {
            // Given up meanwhile. What was sealed joins the next snapshot by itself.
            foreach (CapturedRun run in cut.Runs.SelectMany(static r => r.Runs)) run.Dispose();
            return;
        }

        _ = WriteAsync(pending, cut);
    }

    async Task WriteAsync(PendingSnapshot pending, TaskCut cut)
    {
        // On a thread of the pool: the task's own goes on with records.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        string? at = null;
        try
        {
            List<OperatorSlice> slices = [];
            foreach (OperatorCut op in cut.Operators)
            {
                at = op.OperatorId;
                slices.Add(await WriteAsync(pending, cut, op).ConfigureAwait(false));
            }

            at = null;
            if (pending.Add(slices)) await CompleteAsync(pending).ConfigureAwait(false);
        }
        catch (PrepareFailedException failure)
        {
            leader.OnFailed(failure);
        }
        catch (Exception failure)
        {
            // Whatever keeps a part from being written - the store, the codec of a user's type - costs the checkpoint, and is told.
            leader.OnDeclined(new(cut.Barrier.Id, at, $"{failure.GetType().Name}: {failure.Message}"));
        }
        finally
        {
            foreach (CapturedRun run in cut.Runs.SelectMany(static r => r.Runs)) run.Dispose();
            pending.OnWritten();
        }
    }

    async Task<OperatorSlice> WriteAsync(PendingSnapshot pending, TaskCut cut, OperatorCut op)
    {
        List<StateEntry> states = [.. op.States];
        foreach ((_, StateSchema state, IReadOnlyList<CapturedRun> runs) in cut.Runs.Where(r => r.Operator == op))
        {
            List<RunEntry> entries = [];
            foreach (CapturedRun run in runs)
            {
                using RunWriter writer = pending.Packs.BeginRun(RunDescription.Of(op.OperatorId, state, cut.Barrier.Id, run));
                await run.WriteAsync(writer, cancellation).ConfigureAwait(false);
                entries.Add(await writer.CompleteAsync(cancellation).ConfigureAwait(false));
            }

            states.Add(new() { Schema = state, Runs = entries });
        }

        return new()
        {
            OperatorId = op.OperatorId,
            Subtask = op.Subtask,
            IsFinished = op.IsFinished,
            Watermark = op.Watermark,
            Ahead = op.Ahead,
            States = states,
            Prepared = await PreparedAsync(op).ConfigureAwait(false),
        };
    }

    static async Task<IReadOnlyList<OwedTransaction>> PreparedAsync(OperatorCut op)
    {
        if (op.Prepared is null) return [];
        try
        {
            return await op.Prepared.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            throw new PrepareFailedException(op.OperatorId, failure);
        }
    }

    async Task CompleteAsync(PendingSnapshot pending)
    {
        IReadOnlyList<PackEntry> packs = await pending.Packs.CompleteAsync(cancellation).ConfigureAwait(false);
        lock (_lock)
        {
            if (!_pending.Remove(pending.Barrier.Id)) return;
        }

        await pending.Packs.DisposeAsync().ConfigureAwait(false);
        leader.OnSnapshot(pending.Result(packs));
    }
}

/// <summary>A sink could not make durable what it had sealed.</summary>
/// <param name="operatorId">The sink.</param>
/// <param name="cause">Why.</param>
public sealed class PrepareFailedException(string operatorId, Exception cause)
    : Exception($"sink '{operatorId}' could not prepare what it has written: {cause.Message}", cause);
