using System.Runtime.CompilerServices;

namespace Millrace;

/// <summary>Reads asynchronous sequences: the shortest way to feed a job from a client library.</summary>
public static class AsyncEnumerableSource
{
    /// <summary>
    /// Reads the sequence as one split, on a loop of its own that stays at most <see cref="AsyncEnumerableSource{T}.WithReadAhead"/>
    /// records ahead. Bounded unless told otherwise. A sequence cannot be replayed: when a job is restarted from a snapshot the source
    /// refuses to go on, unless <see cref="AsyncEnumerableSource{T}.Replayable"/> promises that it gives the same records again.
    /// </summary>
    /// <param name="sequence">Opens the sequence, once per start of the job. Its token is cancelled when the reader is closed.</param>
    /// <exception cref="ArgumentNullException"><paramref name="sequence"/> is null.</exception>
    public static AsyncEnumerableSource<T> Of<T>(Func<CancellationToken, IAsyncEnumerable<T>> sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return new(sequence);
    }
}

/// <summary>A source over an asynchronous sequence. Made by <see cref="AsyncEnumerableSource.Of"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class AsyncEnumerableSource<T> : ISource<T, SequenceSplit>
{
    readonly Func<CancellationToken, IAsyncEnumerable<T>> _sequence;

    internal AsyncEnumerableSource(Func<CancellationToken, IAsyncEnumerable<T>> sequence) => _sequence = sequence;

    /// <inheritdoc/>
    /// <value>True by default.</value>
    public bool IsBounded { get; private init; } = true;

    /// <inheritdoc/>
    public IEnumerable<string> Problems =>
        ReadAhead >= 1 ? [] : [$"the read-ahead is {ReadAhead} records; give one or more to WithReadAhead"];

    int ReadAhead { get; init; } = 1024;

    bool CanReplay { get; init; }

    /// <summary>The same source, declared to go on for ever.</summary>
    public AsyncEnumerableSource<T> Unbounded() => new(_sequence) { IsBounded = false, ReadAhead = ReadAhead, CanReplay = CanReplay };

    /// <summary>
    /// The same source, with the promise that the sequence gives the same records in the same order whenever it is opened. After a
    /// restart the records read before are read again and skipped.
    /// </summary>
    public AsyncEnumerableSource<T> Replayable() => new(_sequence) { IsBounded = IsBounded, ReadAhead = ReadAhead, CanReplay = true };

    /// <summary>The same source with another read-ahead: how many records may wait in memory before the sequence is not asked for more.</summary>
    /// <param name="records">One or more; the default is 1,024. Validated when the graph is built.</param>
    public AsyncEnumerableSource<T> WithReadAhead(int records) =>
        new(_sequence) { IsBounded = IsBounded, ReadAhead = records, CanReplay = CanReplay };

    /// <inheritdoc/>
    public async IAsyncEnumerable<SequenceSplit> DiscoverAsync(
        SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield return new SequenceSplit(0);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The split was read from before, and the sequence cannot be replayed.</exception>
    public ValueTask<ISplitReader<T, SequenceSplit>> OpenAsync(
        SequenceSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        if (split.Read > 0 && !CanReplay)
        {
            throw new InvalidOperationException(
                $"'{context.OperatorId}' had read {split.Read} records when the job was stopped, and an asynchronous sequence cannot be read again "
                + "from there. If it gives the same records every time, declare it .Replayable(); otherwise start the job without its snapshot.");
        }

        return new(new SequenceReader<T>(_sequence, split, ReadAhead));
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"asynchronous sequence of {typeof(T).Name}";
}

/// <summary>The one split of an asynchronous sequence.</summary>
/// <param name="Read">How many records were read.</param>
public sealed record SequenceSplit(long Read) : ISplit
{
    /// <inheritdoc/>
    public string Id => "sequence";
}
