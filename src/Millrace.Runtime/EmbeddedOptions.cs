using Millrace.Storage;

namespace Millrace.Runtime;

/// <summary>How a job is run inside a process.</summary>
public sealed record EmbeddedOptions
{
    /// <value>The parallelism of operators that have none of their own. One or more; the default is one per core.</value>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <value>How many threads share the tasks. One or more; the default is one per core.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Whether operators share tasks where they can. The default is true.</value>
    public bool IsChaining { get; init; } = true;

    /// <value>The clock. The default is that of the machine.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <value>Makes names that are never made twice. The default takes them from the system's source of chance.</value>
    public NonceSource Nonces { get; init; } = NonceSource.FromSystem();

    /// <value>Services handed to functions, sources and sinks. The default has none.</value>
    public IServiceProvider Services { get; init; } = NoServices.Instance;

    /// <value>Told of tasks whose step takes long; called on a timer thread. The default does nothing.</value>
    public Action<SlowStep> SlowStepSeen { get; init; } = static _ => { };

    sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}

/// <summary>A task whose step takes long: user code that blocks or computes for long.</summary>
/// <param name="OperatorId">The operator that runs.</param>
/// <param name="Task">The task.</param>
/// <param name="Elapsed">How long so far.</param>
/// <param name="ThreadId">The thread, as the operating system numbers it.</param>
public sealed record SlowStep(string OperatorId, string Task, TimeSpan Elapsed, int ThreadId);
