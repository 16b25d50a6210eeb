using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>The workers of one deployment: which instances each has, how far each is, and what it is told. Thread-safe.</summary>
/// <param name="attempt">The deployment.</param>
/// <param name="plan">How it runs, and who runs what.</param>
sealed class WorkerShares(AttemptId attempt, PlanShares plan)
{
    readonly Lock _lock = new();   // guards everything below
    Share[] _shares = [];
    int _ready;
    bool _isCancelled;
    int _live = 1;   // the opening itself

    /// <summary>How many workers there are; zero before they are known.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _shares.Length;
        }
    }

    /// <summary>What the tasks of all have done, as far as they have told.</summary>
    public JobStatus Status
    {
        get
        {
            lock (_lock) return JobStatusReader.Sum(plan.Plan, [.. _shares.Select(static s => s.Status).OfType<JobStatus>()]);
        }
    }

    /// <summary>Gives each worker its share. Once.</summary>
    /// <returns>False when the deployment was cancelled before: then nobody has one.</returns>
    public bool TryDeploy(IReadOnlyList<WorkerLink> workers, DeployOrder order, IWorkerEvents events)
    {
        List<(int Worker, WorkerLostException Why)> lost = [];
        lock (_lock)
        {
            if (_isCancelled) return false;
            _shares = [.. workers.Select(static w => new Share(w))];
            _live += _shares.Length;
            order = order with { Peers = [.. workers.Select(static w => w.Endpoint)] };
            for (int worker = 0; worker < _shares.Length; worker++)
            {
                if (workers[worker].Deploy(attempt, order with { Worker = worker }, events) is { } why) lost.Add((worker, why));
            }
        }

        foreach ((int worker, WorkerLostException why) in lost) events.OnLost(worker, why);
        return true;
    }

    /// <summary>Ends the tasks of all. Whoever has none will not get any.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            _isCancelled = true;
            foreach (Share share in _shares) share.Link.Send(new LeaderMessage.Cancel(attempt));
        }
    }

    /// <summary>All has been done that comes before the workers' part.</summary>
    /// <returns>Whether nothing runs any more.</returns>
    public bool OnOpened()
    {
        lock (_lock) return --_live == 0;
    }

    /// <summary>A worker is ready.</summary>
    /// <returns>Whether all are.</returns>
    public bool OnReady(int worker)
    {
        lock (_lock)
        {
            if (_shares[worker].IsReady) return false;
            _shares[worker].IsReady = true;
            return ++_ready == _shares.Length;
        }
    }

    /// <summary>A worker's tasks have ended, or are lost.</summary>
    /// <returns>Whether nothing runs any more.</returns>
    public bool OnEnded(int worker)
    {
        lock (_lock)
        {
            if (_shares[worker].HasEnded) return false;
            _shares[worker].HasEnded = true;
            return --_live == 0;
        }
    }

    /// <summary>A worker has told what its tasks have done.</summary>
    public void OnProgress(int worker, JobStatus status)
    {
        lock (_lock) _shares[worker].Status = status;
    }

    /// <summary>What a worker is called.</summary>
    public string NameOf(int worker) => Shares[worker].Link.Name;

    /// <summary>Tells every worker.</summary>
    public void SendAll(LeaderMessage message)
    {
        foreach (Share share in Shares) share.Link.Send(message);
    }

    /// <summary>Gives a split to the worker that has the reader.</summary>
    public void Give(string source, int reader, byte[] split) => Send(plan.WorkerOf(source, reader), new LeaderMessage.SplitGiven(attempt, source, reader, split));

    /// <summary>Tells a reader that there is no other split.</summary>
    public void EndSplits(string source, int reader) => Send(plan.WorkerOf(source, reader), new LeaderMessage.SplitsEnded(attempt, source, reader));

    /// <summary>Tells all readers of a source that every split is in somebody's hands.</summary>
    public void SplitsAssigned(string source) => SendAll(new LeaderMessage.SplitsAssigned(attempt, source));

    /// <summary>The deployment is over: workers forget it, and nobody hears of them.</summary>
    public void Release()
    {
        foreach (Share share in Shares)
        {
            share.Link.Release();
            share.Link.Send(new LeaderMessage.Cancel(attempt));
        }
    }

    void Send(int worker, LeaderMessage message) => Shares[worker].Link.Send(message);

    Share[] Shares
    {
        get
        {
            lock (_lock) return _shares;
        }
    }

    sealed class Share(WorkerLink link)
    {
        public WorkerLink Link => link;

        public bool IsReady { get; set; }

        public bool HasEnded { get; set; }

        public JobStatus? Status { get; set; }
    }
}
