using System.Buffers;

namespace Millrace.Connectors.Files;

/// <summary>
/// Encodes records into the object of their bucket; buffers that are full are uploaded one at a time while the next fills. Owned by one task;
/// never blocks in <see cref="TryWrite"/> and <see cref="Seal"/>.
/// </summary>
internal sealed class ObjectSinkWriter<T>(ObjectSinkOptions<T> options, SinkContext context, int subtask) : ITransactionalWriter<T, ObjectPart>
{
    const int BufferBytesMax = 1 << 18, BufferBytesMin = 1 << 16, BuffersBytesMax = 1 << 23;

    // An upload to S3 takes up to 80 MiB of memory while it is longer than a part of 16 MiB.
    const int OpenObjectsMax = 64;

    // Each is named by the part that publishes the object.
    const int PiecesMax = 256;

    readonly RowEncoder<T> _encoder = options.Format.CreateEncoder();
    readonly SinkKeys _keys = options.Keys;
    readonly StagingRange _range = new(options.Store, options.Keys.Range(context, context.Attempt, SinkKeys.Tag(context), subtask), options.Joins);
    readonly Dictionary<string, OpenObject> _open = new(StringComparer.Ordinal);
    readonly List<SealedObject> _complete = [];
    ArrayBufferWriter<byte> _spare = new();
    Task _write = Task.CompletedTask;
    int _objects;
    long _records;

    public void TryWrite(ref BatchReader<T> batch)
    {
        ReadOnlySpan<T> values = batch.Values;
        ReadOnlySpan<Timestamp> timestamps = batch.Timestamps;
        int bufferBytes = Math.Clamp(BuffersBytesMax / Math.Max(_open.Count, 1), BufferBytesMin, BufferBytesMax);
        int taken = 0;
        try
        {
            for (; taken < values.Length; taken++)
            {
                string bucket = options.Bucket is null ? "" : options.Bucket.Of(values[taken], timestamps.IsEmpty ? Timestamp.None : timestamps[taken]);
                if (ObjectOf(bucket) is not { Current: { } staged } written) return;
                if (staged.Buffer.WrittenCount >= bufferBytes && !TryBeginWrite(staged)) return;
                _encoder.Encode(values[taken], staged.Buffer);
                written.UsedAt = ++_records;
            }
        }
        finally
        {
            // Also when it throws, so that the record it could not write is the one named.
            batch.Take(taken);
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_write.WaitAsync(cancellationToken));

    public bool Seal(bool isLast, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out ObjectPart part)
    {
        foreach ((string bucket, OpenObject written) in _open.ToArray())
        {
            if (isLast || options.IsOld(context.Time.GetElapsedTime(written.BegunAt)) || written.Pieces >= PiecesMax)
            {
                _complete.Add(written.Seal(isLast: true));
                _open.Remove(bucket);
            }
            else if (written.Current is not null)
            {
                _complete.Add(written.Seal(isLast: false));
            }
        }

        part = _complete.Count == 0 ? null : new ObjectPart([.. _complete.OrderBy(static o => o.Number)], _range, _objects);
        // What is sealed may be prepared when the writer is gone; what never is, the next deployment deletes.
        _complete.Clear();
        return part is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (OpenObject written in _open.Values)
            if (written.Current is { } staged) await staged.DiscardAsync().ConfigureAwait(false);
    }

    /// <summary>The object a record goes to, with a current piece; null while another has to be uploaded first.</summary>
    OpenObject? ObjectOf(string bucket)
    {
        if (_open.TryGetValue(bucket, out OpenObject? written))
        {
            if (written.Length < options.ObjectBytesMax)
            {
                written.Current ??= Begin();
                return written;
            }

            if (!TryComplete(bucket, written)) return null;
        }
        else if (_open.Count == OpenObjectsMax)
        {
            (string oldest, OpenObject leastUsed) = _open.MinBy(static entry => entry.Value.UsedAt);
            if (!TryComplete(oldest, leastUsed)) return null;
        }

        written = new(_keys.Visible(context, bucket, subtask, _objects), _objects, context.Time.GetTimestamp()) { Current = Begin() };
        _open.Add(bucket, written);
        _encoder.Begin(written.Current.Buffer);
        return written;
    }

    StagedObject Begin() => new(options.Store, _range, _objects++);

    bool TryComplete(string bucket, OpenObject written)
    {
        if (!IsIdle()) return false;
        StagedObject? staged = written.Current;
        _open.Remove(bucket);
        _complete.Add(written.Seal(isLast: true));
        if (staged is not null) _write = staged.BeginComplete();
        return true;
    }

    bool TryBeginWrite(StagedObject staged)
    {
        if (!IsIdle()) return false;
        _write = staged.BeginWrite(ref _spare);
        return true;
    }

    bool IsIdle()
    {
        if (!_write.IsCompleted) return false;
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        return true;
    }
}
