using System.Text.Json;
using Millrace.Connectors.Files;

namespace Millrace;

/// <summary>
/// Writes files, in UTF-8, each row exactly once. The path is a folder, in which each parallel instance writes files of its own; or, if it
/// has a file extension and the sink runs in one instance, exactly that file.
/// </summary>
/// <remarks>
/// <para>Rows are visible once they are committed and their file is complete, whole files at a time. In a job that takes checkpoints the
/// files of a folder (<c>part-0-4c1be0a3d2f7-0003.csv</c>: instance, deployment, number) are complete at 128 MiB, after 60 seconds, and when
/// the input ends or the job stops; see <see cref="FileSink{T}.RollBy"/>. Parts of checkpoints in between are joined under hidden names, so
/// short checkpoint intervals make no small files. A single file is complete when the input ends or the job stops; a job that goes on from
/// its snapshot continues the file.</para>
/// <para>In a job without storage every instance writes one file (<c>part-0.csv</c>, <c>part-1.csv</c>), which appears when the job has ended and
/// every byte of it is on disk. A failed or cancelled job leaves the output of the run before as it was.</para>
/// <para>A fresh run replaces the output of the run before when its first file is complete; no other file is touched. With several files the
/// old are deleted before the first of the new appears, not all at the same moment.</para>
/// <para>The hidden folder <c>.millrace</c> in the output folder holds what is not visible yet; a job that is to go on needs it. Leave files where
/// they are until the checkpoint after the one that published them: a commit that is repeated after a crash looks for them.</para>
/// </remarks>
public static class FileSink
{
    /// <summary>Writes each record as a line. A record with a line end in it becomes several lines.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<string> Lines(string path) => Lines<string>(path, static text => text);

    /// <summary>Writes each record as a line. A text with a line end in it becomes several lines.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="format">Makes the text. Pure; shared by all parallel instances.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static FileSink<T> Lines<T>(string path, Func<T, string> format)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(format);
        return new(new(path, new LineOutput<T>(format)));
    }

    /// <summary>
    /// Writes CSV (RFC 4180, lines end with LF): a header, then a row per record with its public properties in the order they are declared.
    /// What is written can be read with <see cref="FileSource.Csv"/>, which lists the types of members; null is an empty field.
    /// </summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="options">The dialect; null for a comma and a header.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<T> Csv<T>(string path, CsvOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(new(path, new CsvOutput<T>(options ?? new CsvOptions())));
    }

    /// <summary>Writes a JSON value per line.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="options">Null for <see cref="JsonSerializerOptions.Web"/>: names in camel case. Never indented.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<T> JsonLines<T>(string path, JsonSerializerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(new(path, new JsonOutput<T>(options ?? JsonSerializerOptions.Web)));
    }
}

/// <summary>A sink that writes files. Made by <see cref="FileSink"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class FileSink<T> : ITransactionalSink<T, FilePart, FilePrepared>
{
    readonly FileSinkOptions<T> _options;

    internal FileSink(FileSinkOptions<T> options) => _options = options;

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _options.Problems;

    /// <summary>The same sink, which refuses a fresh start when there is output of an earlier run, instead of replacing it.</summary>
    public FileSink<T> KeepExisting() => new(_options with { KeepsExisting = true });

    /// <summary>
    /// The same sink with other limits for the files of a folder. A file is complete when it reaches the first of them, or at the end. Time is
    /// looked at when checkpoints are taken, so it is as exact as their interval; in a job without storage it means nothing.
    /// </summary>
    /// <param name="size">In bytes, one or more; a file exceeds it by less than a record. Null for 128 MiB, or no limit in a job without storage.</param>
    /// <param name="time">
    /// Since the first record of the file, by the clock of the job. Zero publishes at every checkpoint; <see cref="Timeout.InfiniteTimeSpan"/> sets
    /// no limit. Null for 60 seconds.
    /// </param>
    public FileSink<T> RollBy(long? size = null, TimeSpan? time = null) => new(_options with { Rolling = new(size, time) });

    /// <summary>
    /// The same sink, which writes into folders within its folder. At most 256 files are written at a time by each instance; beyond that the one
    /// that was not written to for longest is complete.
    /// </summary>
    /// <param name="bucket">
    /// Names the folder of a record: <c>2024-01-01</c>, <c>eu/2024-01-01</c>, or nothing for the folder itself. No part of it begins with a dot.
    /// Pure; shared by all parallel instances. A name that cannot be a folder ends the job.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="bucket"/> is null.</exception>
    public FileSink<T> Bucket(Func<T, string> bucket)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        return new(_options with { Bucket = new ValueBuckets<T>(bucket) });
    }

    /// <summary>The same sink, which writes into a folder per span of event time, in UTC. Late records go where they belong, in files of their own.</summary>
    /// <param name="format">A .NET format for dates, in the invariant culture: <c>yyyy-MM-dd</c>, <c>yyyy/MM/dd/HH</c>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="format"/> is null.</exception>
    public FileSink<T> BucketByEventTime(string format = "yyyy-MM-dd")
    {
        ArgumentNullException.ThrowIfNull(format);
        return new(_options with { Bucket = new EventTimeBuckets<T>(format) });
    }

    /// <inheritdoc/>
    public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        OutputCheck.Check(_options.Target, context, _options.KeepsExisting, _options.Bucket is not null);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<FilePrepared> owed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(owed);
        new Leftovers(_options.Target, context, owed).End(_options.Bucket is not null);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="SinkRefusedException">The path names one file, and the sink runs in several instances.</exception>
    public ValueTask<ITransactionalWriter<T, FilePart>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(function);
        OutputTarget target = _options.Target;
        OutputCheck.CheckParallelism(target, context.OperatorId, function.Subtask.Parallelism);
        return new(new FileSinkWriter<T>(target, _options, context, function, Leftovers.StartOf(target, context)));
    }

    /// <inheritdoc/>
    public async ValueTask<FilePrepared> PrepareAsync(FilePart part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (SealedPiece piece in part.Pieces)
            if (piece.File is not null) await piece.File.CompleteAsync(cancellationToken).ConfigureAwait(false);
        OutputTarget target = _options.Target;
        foreach (string folder in part.Pieces.Select(static p => p.Piece.Staged).OfType<string>().Select(name => Path.GetDirectoryName(target.PathOf(name))!).Distinct())
            FolderSync.Flush(folder);
        return new FilePrepared(part.Mark, part.IsDurable, [.. part.Pieces.Select(static p => p.Piece)]);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The disk refused, or parts are committed out of order; the message names the file. May be repeated.</exception>
    public async ValueTask<CommitOutcome> CommitAsync(FilePrepared prepared, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        OutputTarget target = _options.Target;
        CommitOutcome outcome = await PartCommit.CommitAsync(target, prepared, cancellationToken).ConfigureAwait(false);
        if (!prepared.IsDurable) HiddenFolder.RemoveIfDone(target, prepared);
        return outcome;
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() =>
        $"{_options.Format.Name} {_options.Path}{(_options.Bucket is null ? "" : $", in buckets {_options.Bucket.Name}")}";
}
