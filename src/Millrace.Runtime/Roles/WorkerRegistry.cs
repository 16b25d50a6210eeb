using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;

namespace Millrace.Runtime.Roles;

/// <summary>The workers that have said to the leader of a job that they are there. Thread-safe.</summary>
sealed class WorkerRegistry : IDisposable
{
    readonly Lock _lock = new();   // guards everything below
    readonly string _fingerprint;
    readonly IDisposable _listening;
    readonly TimeProvider _time;
    readonly HashSet<WorkerLink> _open = [];
    readonly List<WorkerLink> _workers = [];
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool _isClosed;

    /// <summary>Begins to listen.</summary>
    /// <param name="transport">How workers come.</param>
    /// <param name="endpoint">Where they come to.</param>
    /// <param name="fingerprint">Of the program: workers with another are sent away.</param>
    /// <param name="beats">How silence is found, where it can be.</param>
    /// <param name="time">The clock.</param>
    public WorkerRegistry(ITransport transport, string endpoint, string fingerprint, HeartbeatOptions beats, TimeProvider time)
    {
        _fingerprint = fingerprint;
        _time = time;
        _listening = transport.Listen(endpoint, connection =>
        {
            WorkerLink link = new(this, connection, c => transport.CanGoSilent ? new(c, beats, time, static () => { }) : null);
            bool isClosed;
            lock (_lock)
            {
                isClosed = _isClosed;
                _open.Add(link);
            }

            if (isClosed) connection.Close("the leader has ended");
            return link;
        });
    }

    /// <summary>Waits for enough workers, in the order they came.</summary>
    /// <param name="workers">How many are enough.</param>
    /// <param name="check">
    /// Called once in a while; throws when this process leads no longer. Nothing else tells a leader without workers, whose workers have all
    /// gone to another.
    /// </param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<WorkerLink>> GatherAsync(int workers, Func<CancellationToken, ValueTask> check, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_workers.Count >= workers) return [.. _workers.Take(workers)];
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(Limits.LeadershipCheckInterval, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await check(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A worker has said who it is.</summary>
    public void OnHello(WorkerLink worker, WorkerMessage.Hello hello)
    {
        if (hello.Fingerprint != _fingerprint)
        {
            worker.Close($"worker {hello.Worker} runs another program: its operators or states differ ({hello.Fingerprint}, and here {_fingerprint}). Start the same program on every node");
            return;
        }

        TaskCompletionSource changed;
        lock (_lock)
        {
            if (!_open.Contains(worker) || _workers.Contains(worker)) return;
            _workers.Add(worker);
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    /// <summary>A worker is gone.</summary>
    public void OnGone(WorkerLink worker)
    {
        lock (_lock)
        {
            _open.Remove(worker);
            _workers.Remove(worker);
        }
    }

    /// <summary>Sends all workers away.</summary>
    public void Dispose()
    {
        _listening.Dispose();
        WorkerLink[] open;
        lock (_lock)
        {
            _isClosed = true;
            open = [.. _open];
        }

        foreach (WorkerLink worker in open) worker.Close("the leader has ended");
    }
}
