namespace Millrace;

/// <summary>
/// A sink in which writing a record twice has the effect of writing it once, because records carry ids of their own: a table written by
/// key. Its output is visible at once; after a restart the records since the last checkpoint are written again and end the same.
/// Immutable and shared by all parallel instances.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public interface IIdempotentSink<T>
{
    /// <summary>Problems with the sink that are known before it runs, each a sentence with its cure; empty when there are none.</summary>
    IEnumerable<string> Problems => [];

    /// <summary>
    /// Refuses where the promise cannot hold, then raises the fence: from its completion on, nothing an earlier deployment writes takes
    /// effect. Runs once per deployment, in one place, before any writer is opened.
    /// </summary>
    /// <param name="context">The job, its line of history and the new deployment.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    /// <exception cref="SinkRefusedException">The promise cannot hold; the message names the setting and the cure.</exception>
    /// <exception cref="SinkFencedException">A later deployment has raised its fence.</exception>
    ValueTask RaiseFenceAsync(SinkContext context, CancellationToken cancellationToken);

    /// <summary>Opens a writer, before the first record of the deployment is read.</summary>
    /// <param name="context">The job, its line of history and the deployment, which every write carries and compares with the fence.</param>
    /// <param name="function">Where the writer runs.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask<IIdempotentWriter<T>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken);
}

/// <summary>Writes the records of one parallel instance. <see cref="TryWrite"/> is called by one thread at a time and never blocks.</summary>
/// <typeparam name="T">The record type.</typeparam>
public interface IIdempotentWriter<T> : IAsyncDisposable
{
    /// <summary>Takes as many records as it can now. What is not taken is offered again after <see cref="WaitAsync"/>.</summary>
    /// <param name="batch">Valid during the call only.</param>
    void TryWrite(ref BatchReader<T> batch);

    /// <summary>Completes when <see cref="TryWrite"/> can take at least one record. Called after it left some, one call at a time.</summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Completes when every record taken before the call is durable. Called at each barrier and after the last record; no record is
    /// offered meanwhile.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    /// <exception cref="SinkFencedException">A later deployment has raised its fence; the records have no effect.</exception>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}

/// <summary>A deployment may not write any more, because a later one has raised its fence.</summary>
/// <param name="message">Names the sink and the deployment.</param>
public sealed class SinkFencedException(string message) : Exception(message);
