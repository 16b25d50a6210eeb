namespace Millrace;

/// <summary>
/// A sink whose output becomes visible exactly once: records are written into parts, a part is sealed at every checkpoint, made durable
/// but invisible while the next is written, and committed once the checkpoint is. Immutable and shared by all parallel instances.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TPart">What a writer sealed, in memory.</typeparam>
/// <typeparam name="TPrepared">
/// A part that is durable and can be committed from any machine, whatever became of the writer: an immutable record that can be stored.
/// </typeparam>
/// <remarks>
/// <para>The life of a part: written, sealed (synchronously, at the barrier), prepared, named in a checkpoint, committed, acknowledged. A
/// prepared part is owed from the checkpoint that names it until its commit is acknowledged, across restarts, and is committed by whoever
/// leads the job. It is abandoned only after a restore was recorded whose checkpoint does not name it.</para>
/// <para>A job without storage commits all parts once, when its input has ended. <see cref="CheckAsync"/> and <see cref="AbandonAsync"/> are called
/// before the writers are opened there as well.</para>
/// </remarks>
public interface ITransactionalSink<T, TPart, TPrepared>
{
    /// <summary>Problems with the sink that are known before it runs, each a sentence with its cure; empty when there are none.</summary>
    IEnumerable<string> Problems => [];

    /// <summary>
    /// Refuses, before anything starts, where the promise of the sink cannot hold: a server without prepared transactions, a folder that
    /// cannot be written. Runs once per start, in one place.
    /// </summary>
    /// <param name="context">The job and its line of history.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    /// <exception cref="SinkRefusedException">The promise cannot hold; the message names the setting and the cure.</exception>
    ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what earlier deployments of the job left behind: everything of theirs that is not owed is undone, now and for good. Runs
    /// once per deployment, in one place, after all that is owed was committed and before any writer is opened. May be repeated.
    /// </summary>
    /// <param name="context">The job and its line of history, with the new deployment, which is later than all to be ended.</param>
    /// <param name="owed">What is owed and could not be committed yet, to be left alone.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask AbandonAsync(SinkContext context, IReadOnlyList<TPrepared> owed, CancellationToken cancellationToken);

    /// <summary>Opens a writer, before the first record of the deployment is read.</summary>
    /// <param name="context">The job, its line of history and the deployment.</param>
    /// <param name="function">Where the writer runs.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask<ITransactionalWriter<T, TPart>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken);

    /// <summary>Makes a sealed part durable, not visible. Parts of one writer are prepared one at a time, in order.</summary>
    /// <param name="part">As sealed.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask<TPrepared> PrepareAsync(TPart part, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a prepared part visible, all of it at once. Idempotent, callable from any machine, with others doing the same. Parts of
    /// one writer are committed in the order they were prepared.
    /// </summary>
    /// <param name="prepared">As prepared, perhaps by an earlier process.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    /// <returns>What was found.</returns>
    ValueTask<CommitOutcome> CommitAsync(TPrepared prepared, CancellationToken cancellationToken);
}

/// <summary>Writes the parts of one parallel instance. <see cref="TryWrite"/> and <see cref="Seal"/> are called by one thread at a time and never block.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TPart">What is sealed.</typeparam>
public interface ITransactionalWriter<T, TPart> : IAsyncDisposable
{
    /// <summary>Takes as many records as it can now into the current part. What is not taken is offered again after <see cref="WaitAsync"/>.</summary>
    /// <param name="batch">Valid during the call only.</param>
    void TryWrite(ref BatchReader<T> batch);

    /// <summary>Completes when <see cref="TryWrite"/> can take at least one record. Called after it left some, one call at a time.</summary>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>Ends the current part, at a barrier or after the last record; what is written from now on belongs to the next.</summary>
    /// <param name="isLast">Whether no record follows in this deployment that is not discarded: the input has ended, or the job stops.</param>
    /// <param name="part">The part.</param>
    /// <returns>False when there is nothing to commit: no record since the last part, and nothing else to publish.</returns>
    bool Seal(bool isLast, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TPart part);
}

/// <summary>What a commit found.</summary>
public enum CommitOutcome
{
    /// <summary>It made the part visible.</summary>
    Committed,

    /// <summary>The part was visible already.</summary>
    Already,

    /// <summary>The part is neither visible nor prepared: it was undone by somebody else. The job fails, and names it.</summary>
    Missing,
}

/// <summary>The job a sink writes for, and the line of history it writes on.</summary>
/// <param name="Job">The name of the job.</param>
/// <param name="OperatorId">The id of the sink.</param>
/// <param name="Timeline">The line of history, 32 hexadecimal digits: every start that is no recovery begins a new one.</param>
/// <param name="Attempt">
/// The deployment, growing along the job's whole history: <c>term.sequence</c>. Compare with <see cref="CompareAttempts"/>.
/// </param>
/// <param name="Nonce">Differs between any two processes and deployments, so that names made of it are never used twice.</param>
/// <param name="IsFresh">Whether the timeline begins with no state: what an earlier run of the job has written is to be replaced, where the sink replaces.</param>
/// <param name="IsDurable">Whether the job takes checkpoints into a store; if not, everything is committed once, at the end of the input.</param>
/// <param name="Time">The clock of the job.</param>
/// <param name="Services">Services of the host.</param>
public sealed record SinkContext(
    string Job, string OperatorId, string Timeline, string Attempt, string Nonce, bool IsFresh, bool IsDurable, TimeProvider Time, IServiceProvider Services)
{
    /// <summary>How many parallel instances the sink has in this deployment.</summary>
    /// <value>One or more. The default is one.</value>
    public int Parallelism { get; init; } = 1;

    /// <summary>Compares two deployments of a job: less than zero when the first is earlier.</summary>
    /// <param name="left">An attempt.</param>
    /// <param name="right">Another.</param>
    /// <exception cref="FormatException">One of them is no attempt.</exception>
    public static int CompareAttempts(string left, string right) => Parse(left).CompareTo(Parse(right));

    static (long Term, long Sequence) Parse(string attempt)
    {
        int dot = attempt.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            && long.TryParse(attempt.AsSpan(0, dot), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long term)
            && long.TryParse(attempt.AsSpan(dot + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long sequence)
            ? (term, sequence)
            : throw new FormatException($"'{attempt}' is no attempt; one looks like 3.17");
    }
}

/// <summary>A sink cannot keep its promise where it is asked to run.</summary>
/// <param name="message">Names the setting and the cure.</param>
public sealed class SinkRefusedException(string message) : Exception(message);
