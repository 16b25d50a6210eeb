namespace Millrace.Testing.Contracts;

/// <summary>What an idempotent sink writes to, for its contract: a table. Each is new and empty.</summary>
/// <typeparam name="T">The record type.</typeparam>
public abstract class IdempotentSinkTarget<T> : IAsyncDisposable
{
    /// <summary>Makes a sink object that writes here, as another process on another machine would.</summary>
    public abstract IIdempotentSink<T> Create();

    /// <summary>What readers see, in any order.</summary>
    public abstract ValueTask<IReadOnlyList<T>> ReadAsync();

    /// <summary>Removes it.</summary>
    public abstract ValueTask DisposeAsync();
}
