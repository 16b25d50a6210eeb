using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
using Millrace.Runtime.Tasks;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>Who runs the tasks of a job that this process leads: workers in this process, unless they are to be elsewhere. Thread-safe.</summary>
sealed class JobWorkers : IAsyncDisposable
{
    readonly WorkerRole[] _workers = [];
    RestorePoint? _opened;

    /// <summary>Begins to listen, and starts the workers.</summary>
    public JobWorkers(JobGraph graph, EmbeddedOptions options, DurableOptions durable, JobStart start, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        ITransport transport = durable.Transport ?? new LocalTransport();
        string endpoint = durable.Endpoint;
        string fingerprint = start.Program.Fingerprint;
        Registry = new(transport, endpoint, fingerprint, durable.Beats, options.Time);
        if (!durable.HostsWorker) return;
        WorkerProgram program = new(graph, options, durable, start.Folder, fingerprint, schedulerOf)
        {
            // What this process has open need not be read again, unless the worker is to do as those elsewhere do.
            Opened = () => durable.Transport is null ? Volatile.Read(ref _opened) : null,
        };
        _workers = [.. Enumerable.Range(1, durable.Workers).Select(n => new WorkerRole(
            program, new($"worker {n}", $"{endpoint}/worker-{n}", transport, durable.Beats, _ => new(endpoint), durable.WorkerRetry)))];
    }

    /// <summary>Those who have come.</summary>
    public WorkerRegistry Registry { get; }

    /// <summary>The next deployment begins with what is open.</summary>
    public void Begin(RestorePoint? opened) => Volatile.Write(ref _opened, opened);

    /// <summary>What a deployment has done, asked of the tasks themselves; null where they are not here.</summary>
    public JobStatus? StatusOf(PlanModel plan, AttemptId attempt)
    {
        JobStatus[] parts = [.. _workers.Select(w => w.StatusOf(attempt)).OfType<JobStatus>()];
        return parts.Length == 0 ? null : JobStatusReader.Sum(plan, parts);
    }

    /// <summary>Sends the workers away, and waits until what runs here has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (WorkerRole worker in _workers) await worker.DisposeAsync().ConfigureAwait(false);
        Registry.Dispose();
    }
}
