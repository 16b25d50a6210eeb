namespace Millrace;

/// <summary>
/// A source: finds the splits of its input once, in one place, and opens a reader for each split wherever it was assigned.
/// Immutable and shared by all parallel instances.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TSplit">The split type: an immutable record that says where to read from, so that it can be stored and resumed.</typeparam>
public interface ISource<T, TSplit> where TSplit : ISplit
{
    /// <summary>
    /// Whether the input ends. Readers of a bounded source get one split after the other, until there are none; those of an unbounded
    /// source get their share of all splits at once and read them in turn.
    /// </summary>
    bool IsBounded { get; }

    /// <summary>Problems with the source that are known before it runs, each a sentence with its cure; empty when there are none.</summary>
    IEnumerable<string> Problems => [];

    /// <summary>Finds the splits. Runs once per start of the job, in one place. Completing means there are no more.</summary>
    /// <param name="context">The parallelism of the source, and the clock.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    IAsyncEnumerable<TSplit> DiscoverAsync(SourceContext context, CancellationToken cancellationToken);

    /// <summary>Opens a reader at the position of the split.</summary>
    /// <param name="split">As discovered, or as an earlier reader's <see cref="ISplitReader{T, TSplit}.Position"/>.</param>
    /// <param name="context">Where the reader runs.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask<ISplitReader<T, TSplit>> OpenAsync(TSplit split, FunctionContext context, CancellationToken cancellationToken);
}

/// <summary>A piece of a source.</summary>
public interface ISplit
{
    /// <summary>Identifies the piece within its source, whatever its position; the same after a restart.</summary>
    string Id { get; }
}

/// <summary>What discovery may know.</summary>
/// <param name="Parallelism">How many readers there are.</param>
/// <param name="Time">The clock of the job.</param>
public sealed record SourceContext(int Parallelism, TimeProvider Time);

/// <summary>
/// Reads one split. <see cref="TryRead"/> is called by one thread at a time, does no I/O and never blocks: I/O belongs in
/// <see cref="WaitAsync"/> and in read-ahead of the reader's own.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TSplit">The split type.</typeparam>
public interface ISplitReader<T, TSplit> : IAsyncDisposable where TSplit : ISplit
{
    /// <summary>Where to go on after the records read so far. Read between calls of <see cref="TryRead"/>, from the same thread.</summary>
    TSplit Position { get; }

    /// <summary>Adds the records at hand to the batch.</summary>
    /// <param name="batch">Has room for at least one record. Valid during the call only.</param>
    ReadStatus TryRead(ref BatchWriter<T> batch);

    /// <summary>
    /// Completes when <see cref="TryRead"/> may have more. Level-triggered: completes at once if there is something already.
    /// Called after <see cref="ReadStatus.Empty"/>, one call at a time, never while <see cref="TryRead"/> runs.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask WaitAsync(CancellationToken cancellationToken);
}

/// <summary>What a read left behind.</summary>
public enum ReadStatus
{
    /// <summary>There is more at hand.</summary>
    More,

    /// <summary>There is nothing more at hand now.</summary>
    Empty,

    /// <summary>The split has ended; it is not read again.</summary>
    Finished,
}
