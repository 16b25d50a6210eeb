namespace Millrace.Testing.Contracts;

/// <summary>What a transactional sink writes to, for its contract: a folder, a table. Each is new and empty.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TPart">What a writer seals.</typeparam>
/// <typeparam name="TPrepared">What is durable.</typeparam>
public abstract class TransactionalSinkTarget<T, TPart, TPrepared> : IAsyncDisposable
{
    /// <summary>How many instances of the sink may write to it.</summary>
    /// <value>Two unless overridden.</value>
    public virtual int Parallelism => 2;

    /// <summary>Whether every part is visible when it is committed; if not, all of them are when the last is.</summary>
    /// <value>True unless overridden.</value>
    public virtual bool ShowsEveryPart => true;

    /// <summary>Whether readers see the records of one instance in the order they were written.</summary>
    /// <value>True unless overridden.</value>
    public virtual bool KeepsOrder => true;

    /// <summary>Whether a fresh run replaces what a run before has written.</summary>
    public abstract bool IsReplacedByFreshRuns { get; }

    /// <summary>Makes a sink object that writes here, as another process on another machine would.</summary>
    public abstract ITransactionalSink<T, TPart, TPrepared> Create();

    /// <summary>What readers see.</summary>
    public abstract ValueTask<IReadOnlyList<T>> ReadAsync();

    /// <summary>Removes it.</summary>
    public abstract ValueTask DisposeAsync();
}
