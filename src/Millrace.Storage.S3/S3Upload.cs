using Amazon.S3.Model;

namespace Millrace.Storage.S3;

/// <summary>
/// An object being written to a bucket: up to 16 MiB at once, more in parts, at most four of them under way. The object carries the
/// upload's own mark, by which an unanswered completion is told from somebody else's. One call at a time.
/// </summary>
sealed class S3Upload(S3Requests requests, string key, string mark, Action<StoreUnavailableException> leftBehind) : IObjectUpload
{
    /// <summary>Bytes of a part. S3 allows 10,000 parts, which makes 156 GiB.</summary>
    public const int PartBytes = 16 << 20;

    const int PartsMax = 10_000;

    /// <summary>The name of the mark among the object's metadata.</summary>
    const string MarkName = "x-amz-meta-millrace-upload";

    readonly S3Parts _parts = new(requests, key);
    byte[] _buffer = new byte[64 << 10];
    int _buffered;
    long _length;
    bool _isClosed, _isComplete;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        while (!content.IsEmpty)
        {
            // A full buffer is sent only when more comes: the last part is never empty, and what fits one part is no upload in parts.
            if (_buffered == PartBytes) await SendPartAsync(cancellationToken).ConfigureAwait(false);
            int count = Math.Min(content.Length, PartBytes - _buffered);
            Grow(_buffered + count);
            content.Span[..count].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += count;
            _length += count;
            content = content[count..];
        }
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        _isClosed = true;
        if (!_parts.IsBegun)
        {
            await SettleAsync(_buffered, PutAsync, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await SendPartAsync(cancellationToken).ConfigureAwait(false);
            await _parts.WaitAllAsync().ConfigureAwait(false);
            // Ceph before 2025 and others honour the condition of a write, but not that of a completion. Nobody else writes this key, so nothing
            // is decided by it; but where the rule was broken, the object that is there is to be left alone.
            if (await IsOursAsync(cancellationToken).ConfigureAwait(false) == false) throw new ObjectExistsException(requests.Address, key);
            await SettleAsync(0, _parts.CompleteAsync, cancellationToken).ConfigureAwait(false);
        }

        _isComplete = true;
    }

    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        if (await _parts.EndAsync(_isComplete).ConfigureAwait(false) is { } failure) leftBehind(failure);
    }

    public static PutObjectRequest PutRequest(S3Requests requests, string key, ReadOnlyMemory<byte> content) => new()
    {
        BucketName = requests.Options.Bucket, Key = requests.Full(key), InputStream = S3Requests.Stream(content), AutoCloseStream = false,
        // One signature over all of it: the store then checks what it received, and every compatible one understands it.
        UseChunkEncoding = false,
    };

    Task PutAsync(CancellationToken cancellationToken)
    {
        PutObjectRequest request = PutRequest(requests, key, _buffer.AsMemory(0, _buffered));
        request.IfNoneMatch = "*";
        request.Metadata[MarkName] = mark;
        return requests.Client.PutObjectAsync(request, cancellationToken);
    }

    /// <summary>Finishes, and where the answer does not settle it looks at what is there: the mark and the length tell whose it is.</summary>
    async Task SettleAsync(long bytes, Func<CancellationToken, Task> finish, CancellationToken cancellationToken)
    {
        string doing = $"completing {key}";
        StoreRetry.Attempts attempts = requests.Retry.Begin();
        while (true)
        {
            (Exception? failure, S3Verdict verdict) = await requests.TryOnceAsync(StoreRequest.Upload, bytes, finish, cancellationToken).ConfigureAwait(false);
            if (failure is null) return;
            if (verdict is S3Verdict.Refused or S3Verdict.BeyondEnd or S3Verdict.Absent) throw requests.Unavailable(doing, failure);
            if (await IsOursAsync(cancellationToken).ConfigureAwait(false) is { } isOurs)
            {
                if (isOurs) return;
                throw new ObjectExistsException(requests.Address, key);
            }

            if (!await attempts.PauseAsync(cancellationToken).ConfigureAwait(false)) throw requests.Unavailable(doing, failure, attempts);
        }
    }

    async Task<bool?> IsOursAsync(CancellationToken cancellationToken)
    {
        bool isOurs = false;
        S3Verdict verdict = await requests.RepeatAsync(StoreRequest.Length, 0, $"measuring {key}", S3Verdict.Absent, async token =>
        {
            GetObjectMetadataResponse found = await requests.Client.GetObjectMetadataAsync(requests.Options.Bucket, requests.Full(key), token).ConfigureAwait(false);
            isOurs = found.Metadata[MarkName] == mark && found.ContentLength == _length;
        }, cancellationToken).ConfigureAwait(false);
        return verdict == S3Verdict.Absent ? null : isOurs;
    }

    async Task SendPartAsync(CancellationToken cancellationToken)
    {
        if (_parts.Count == PartsMax)
            throw new StoreUnavailableException(requests.Address, $"writing {key}", $"an object has at most {PartsMax} parts of {PartBytes} bytes; write several objects");
        if (!_parts.IsBegun) await _parts.BeginAsync(MarkName, mark, cancellationToken).ConfigureAwait(false);
        _buffer = await _parts.SendAsync(_buffer, _buffered, cancellationToken).ConfigureAwait(false);
        _buffered = 0;
    }

    void Grow(int needed)
    {
        if (needed > _buffer.Length) Array.Resize(ref _buffer, Math.Min(PartBytes, Math.Max(needed, _buffer.Length * 2)));
    }
}
