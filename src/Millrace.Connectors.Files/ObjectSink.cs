using System.Text;
using System.Text.Json;
using Millrace.Connectors.Files;
using Millrace.Storage;

namespace Millrace;

/// <summary>
/// Writes objects into a store (a bucket of S3, a folder), in UTF-8, each row exactly once. What a parallel instance writes between two
/// checkpoints is one object, or one for each bucket and size: <c>part-0-0003-1.17-4c1be0a3d2f70b1e.csv</c> (instance, number, attempt, deployment).
/// </summary>
/// <remarks>
/// <para>An object appears whole, when the checkpoint that has its rows is complete; in a job without storage, when the input has ended. The
/// interval of checkpoints decides how many objects there are, unless <see cref="ObjectSink{T}.RollBy"/> is given a time: then the pieces of several checkpoints are joined.
/// Objects of several instances or buckets appear one after the other.</para>
/// <para>Nothing is replaced, by no run: names are never used twice, so a fresh run adds to what is there. Give it another prefix to keep them apart.</para>
/// <para>Rows that are not committed are below <c>_staged/</c>; leave them alone while the job is to go on. Leave an object where it is until the
/// checkpoint after the one that published it: a commit that is repeated after a crash looks for it. One job of a name writes below a prefix.</para>
/// <para>The store is borrowed: it outlives the job, and whoever opened it disposes of it. It is never listed.</para>
/// </remarks>
public static class ObjectSink
{
    /// <summary>Writes each record as a line. A record with a line end in it becomes several lines.</summary>
    /// <param name="store">The store; outlives the job.</param>
    /// <param name="prefix">Keys begin with it and a slash: letters, digits and <c>. _ - /</c>, at most 256; empty for the whole store.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ObjectSink<string> Lines(IObjectStore store, string prefix) => Lines<string>(store, prefix, static text => text);

    /// <summary>Writes each record as a line. A text with a line end in it becomes several lines.</summary>
    /// <param name="store">The store; outlives the job.</param>
    /// <param name="prefix">Keys begin with it and a slash: letters, digits and <c>. _ - /</c>, at most 256; empty for the whole store.</param>
    /// <param name="format">Makes the text. Pure; shared by all parallel instances.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ObjectSink<T> Lines<T>(IObjectStore store, string prefix, Func<T, string> format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return Create(store, prefix, new LineOutput<T>(format));
    }

    /// <summary>
    /// Writes CSV (RFC 4180, lines end with LF): in each object a header, then a row per record with its public properties in the order they
    /// are declared; null is an empty field.
    /// </summary>
    /// <param name="store">The store; outlives the job.</param>
    /// <param name="prefix">Keys begin with it and a slash: letters, digits and <c>. _ - /</c>, at most 256; empty for the whole store.</param>
    /// <param name="options">The dialect; null for a comma and a header.</param>
    /// <exception cref="ArgumentNullException"><paramref name="store"/> or <paramref name="prefix"/> is null.</exception>
    public static ObjectSink<T> Csv<T>(IObjectStore store, string prefix, CsvOptions? options = null) =>
        Create(store, prefix, new CsvOutput<T>(options ?? new CsvOptions()));

    /// <summary>Writes a JSON value per line.</summary>
    /// <param name="store">The store; outlives the job.</param>
    /// <param name="prefix">Keys begin with it and a slash: letters, digits and <c>. _ - /</c>, at most 256; empty for the whole store.</param>
    /// <param name="options">Null for <see cref="JsonSerializerOptions.Web"/>: names in camel case. Never indented.</param>
    /// <exception cref="ArgumentNullException"><paramref name="store"/> or <paramref name="prefix"/> is null.</exception>
    public static ObjectSink<T> JsonLines<T>(IObjectStore store, string prefix, JsonSerializerOptions? options = null) =>
        Create(store, prefix, new JsonOutput<T>(options ?? JsonSerializerOptions.Web));

    static ObjectSink<T> Create<T>(IObjectStore store, string prefix, OutputFormat<T> format)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(prefix);
        return new(new(store, prefix, format));
    }
}

/// <summary>A sink that writes objects into a store. Made by <see cref="ObjectSink"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class ObjectSink<T> : ITransactionalSink<T, ObjectPart, ObjectPrepared>
{
    readonly ObjectSinkOptions<T> _options;

    internal ObjectSink(ObjectSinkOptions<T> options) => _options = options;

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _options.Problems;

    /// <summary>
    /// The same sink with other limits for objects. An object is complete when it reaches the first of them, or at the end. Time is looked at when checkpoints are taken, so it is
    /// as exact as their interval; in a job without storage it means nothing. With a time, the pieces of several checkpoints are joined to one object: rows become visible that much
    /// later, and are fewer and larger objects.
    /// </summary>
    /// <param name="size">In bytes, one or more; an object exceeds it by less than a record. Null for 128 MiB.</param>
    /// <param name="time">
    /// Since the first record of the object, by the clock of the job. Zero, and null, publish at every checkpoint; <see cref="Timeout.InfiniteTimeSpan"/> sets no limit. An object is
    /// joined from 256 pieces at most.
    /// </param>
    public ObjectSink<T> RollBy(long? size = null, TimeSpan? time = null) =>
        new(_options with { ObjectBytesMax = size ?? RollingPolicy.DefaultBytes, ObjectAgeMax = time ?? TimeSpan.Zero });

    /// <summary>
    /// The same sink, which puts a name between prefix and object. At most 64 objects are written at a time by each instance; beyond that the
    /// one that was not written to for longest is complete.
    /// </summary>
    /// <param name="bucket">
    /// Names the bucket of a record: <c>2024-01-01</c>, <c>eu/2024-01-01</c>, or nothing for none; of letters, digits and <c>. _ - /</c>, and not
    /// beginning with <c>_</c>. Pure; shared by all parallel instances. A name that cannot be part of a key ends the job.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="bucket"/> is null.</exception>
    public ObjectSink<T> Bucket(Func<T, string> bucket)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        return new(_options with { Bucket = new ValueBuckets<T>(bucket) });
    }

    /// <summary>The same sink, with a bucket per span of event time, in UTC. Late records go where they belong, in objects of their own.</summary>
    /// <param name="format">A .NET format for dates, in the invariant culture: <c>yyyy-MM-dd</c>, <c>yyyy/MM/dd/HH</c>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="format"/> is null.</exception>
    public ObjectSink<T> BucketByEventTime(string format = "yyyy-MM-dd")
    {
        ArgumentNullException.ThrowIfNull(format);
        return new(_options with { Bucket = new EventTimeBuckets<T>(format) });
    }

    /// <inheritdoc/>
    public async ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        string probe = _options.Keys.Probe(context);
        try
        {
            await _options.Store.PutAsync(probe, Encoding.UTF8.GetBytes($"Written and deleted by {context.OperatorId} of {context.Job} to see whether it can.\n"), cancellationToken)
                .ConfigureAwait(false);
            await _options.Store.DeleteAsync(probe, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException e)
        {
            throw new SinkRefusedException(
                $"'{context.OperatorId}' cannot write and delete below '{_options.Prefix}' in {_options.Store.Address}: {e.Message} Let this program write, read and delete "
                + "objects there, or give another store or prefix.");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried. May be repeated.</exception>
    public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<ObjectPrepared> owed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(owed);
        StoreRetry retry = new(RetryPolicy.Default, context.Time, NonceSource.FromSystem());
        return new StagedLeftovers(_options.Store, _options.Keys, context, owed, retry).EndAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ITransactionalWriter<T, ObjectPart>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(function);
        return new(new ObjectSinkWriter<T>(_options, context, function.Subtask.Index));
    }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried; what was staged is deleted by the next deployment.</exception>
    public async ValueTask<ObjectPrepared> PrepareAsync(ObjectPart part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (SealedObject[] some in part.Objects.Chunk(ObjectCommit.AtOnceMax))
            await Task.WhenAll(some.Select(o => o.Staged?.CompleteAsync(cancellationToken) ?? Task.CompletedTask)).ConfigureAwait(false);
        part.Range.SetPrepared(part.End);
        return new ObjectPrepared([.. part.Objects.Select(static o => o.Piece)]);
    }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried. May be repeated.</exception>
    /// <exception cref="IOException">An object of another length has the name; the message says which and what to do.</exception>
    public ValueTask<CommitOutcome> CommitAsync(ObjectPrepared prepared, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        return ObjectCommit.CommitAsync(_options.Store, prepared, cancellationToken);
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() =>
        $"{_options.Format.Name} {_options.Store.Address}{(_options.Prefix.Length == 0 ? "" : $"/{_options.Prefix.TrimEnd('/')}")}"
        + (_options.Bucket is null ? "" : $", in buckets {_options.Bucket.Name}");
}
