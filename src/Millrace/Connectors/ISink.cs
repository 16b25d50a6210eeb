namespace Millrace;

/// <summary>A sink: opens one writer per parallel instance. Immutable and shared by all of them.</summary>
/// <typeparam name="T">The record type.</typeparam>
public interface ISink<T>
{
    /// <summary>Problems with the sink that are known before it runs, each a sentence with its cure; empty when there are none.</summary>
    IEnumerable<string> Problems => [];

    /// <summary>Opens a writer, before the first record of the job is read.</summary>
    /// <param name="context">Where the writer runs.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken);
}

/// <summary>
/// Writes the records of one parallel instance. <see cref="TryWrite"/> is called by one thread at a time and never blocks.
/// Disposing without <see cref="CompleteAsync"/> means the job failed or was cancelled.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public interface ISinkWriter<T> : IAsyncDisposable
{
    /// <summary>Takes as many records as it can now. What is not taken is offered again after <see cref="WaitAsync"/>.</summary>
    /// <param name="batch">Valid during the call only.</param>
    void TryWrite(ref BatchReader<T> batch);

    /// <summary>Completes when <see cref="TryWrite"/> can take at least one record. Called after it left some, one call at a time.</summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Completes when every record taken before the call is where the sink promises it to be, as far as it can be before the end of the
    /// input. Called at each barrier of a checkpoint; no record is offered meanwhile. After a restart the records since the last
    /// checkpoint come again: a plain sink sees each record at least once.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Called once after the last record of the input: when it completes, everything is where the sink promises it to be.</summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
