using Millrace.Runtime.Roles;
using Millrace.Runtime.Tasks;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>Who runs the tasks of a job that this process leads: a worker in this process, unless it is to be one elsewhere. Thread-safe.</summary>
sealed class JobWorkers : IAsyncDisposable
{
    readonly WorkerRole? _worker;
    RestorePoint? _opened;

    /// <summary>Begins to listen, and starts the worker.</summary>
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
        _worker = new(program, new("worker", transport, durable.Beats, _ => new(endpoint), durable.WorkerRetry));
    }

    /// <summary>Those who have come.</summary>
    public WorkerRegistry Registry { get; }

    /// <summary>The next deployment begins with what is open.</summary>
    public void Begin(RestorePoint? opened) => Volatile.Write(ref _opened, opened);

    /// <summary>What a deployment has done, asked of the tasks themselves; null where they are not here.</summary>
    public JobStatus? StatusOf(AttemptId attempt) => _worker?.StatusOf(attempt);

    /// <summary>Sends the workers away, and waits until what runs here has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_worker is not null) await _worker.DisposeAsync().ConfigureAwait(false);
        Registry.Dispose();
    }
}
