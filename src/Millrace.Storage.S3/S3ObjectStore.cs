using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace Millrace.Storage.S3;

/// <summary>
/// Objects of a bucket, at Amazon or any compatible store that honours <c>If-None-Match: *</c> on writes (the probe tells). Requests that may be repeated
/// are, with growing pauses; conditional ones never are. Long reads go in parallel pieces, long uploads in parallel parts. Thread-safe.
/// </summary>
public sealed class S3ObjectStore : IMeteredStore
{
    /// <summary>Longer reads are split in pieces of this many bytes.</summary>
    public const int PieceBytes = 8 << 20;

    /// <summary>How many pieces are read at the same time, in all calls together.</summary>
    public const int PiecesAtOnceMax = 16;

    readonly S3Requests _requests;
    readonly NonceSource _nonces;
    readonly SemaphoreSlim _pieces;
    readonly S3ObjectStore? _whole;   // what a view is a view of, which owns the connections
    Action<StoreUnavailableException>? _leftBehind;

    /// <summary>A store in a bucket. Asks nothing yet.</summary>
    /// <param name="options">Where.</param>
    /// <param name="surroundings">Clock and chance.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public S3ObjectStore(S3Options options, StoreSurroundings surroundings)
    {
        options.Validate();
        _pieces = new(PiecesAtOnceMax);
        _nonces = surroundings.Nonces;
        Address = $"s3://{options.Bucket}{(options.Prefix.Length == 0 ? "" : "/")}{options.Prefix}";
        _requests = new(S3Client.Create(options), options, new StoreRetry(options.Retry, surroundings.Time, surroundings.Nonces), Address);
    }

    S3ObjectStore(S3ObjectStore whole, S3Requests requests)
    {
        (_whole, _nonces, _pieces, _requests) = (whole, whole._nonces, whole._pieces, requests);
        Address = whole.Address;
    }

    /// <inheritdoc/>
    public string Address { get; }

    /// <summary>
    /// An upload that was left could not be aborted: its parts cost storage, unseen, until somebody aborts it. Called on any thread. A rule of the
    /// bucket that aborts incomplete uploads after some days makes this harmless.
    /// </summary>
    public event Action<StoreUnavailableException>? UploadLeftBehind
    {
        add => Whole._leftBehind += value;
        remove => Whole._leftBehind -= value;
    }

    S3ObjectStore Whole => _whole ?? this;

    /// <inheritdoc/>
    public IMeteredStore Metered(StoreMeter meter) => new S3ObjectStore(Whole, _requests.Metered(meter));

    /// <inheritdoc/>
    public async ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        PutObjectRequest request = PutRequest(key, content);
        request.IfNoneMatch = "*";
        (Exception? failure, S3Verdict verdict) = await _requests.TryOnceAsync(StoreRequest.Create, content.Length, token => _requests.Client.PutObjectAsync(request, token), cancellationToken).ConfigureAwait(false);
        if (failure is null) return CreateOutcome.Created;
        return verdict switch
        {
            S3Verdict.Taken => CreateOutcome.Exists,
            S3Verdict.Unanswered or S3Verdict.Conflict => CreateOutcome.Unknown,
            _ => throw _requests.Unavailable($"creating {key}", failure, isUnchanged: true),
        };
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        await _requests.RepeatAsync(StoreRequest.Put, content.Length, $"writing {key}", S3Verdict.Done, token => _requests.Client.PutObjectAsync(PutRequest(key, content), token), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        byte[]? content = null;
        long length = 0;
        S3Verdict verdict = await _requests.RepeatAsync(StoreRequest.Get, 0, $"reading {key}", S3Verdict.Absent, async token =>
        {
            using GetObjectResponse response = await _requests.Client.GetObjectAsync(_requests.Options.Bucket, _requests.Full(key), token).ConfigureAwait(false);
            length = response.ContentLength;
            if (length > PieceBytes) return; // Read in pieces below; this answer is dropped.
            content = new byte[length];
            await response.ResponseStream.ReadExactlyAsync(content, token).ConfigureAwait(false);
            _requests.Received(length);
        }, cancellationToken).ConfigureAwait(false);
        if (verdict == S3Verdict.Absent || content is not null) return content;

        if (length > Array.MaxLength) throw new StoreUnavailableException(Address, $"reading {key}", $"it has {length} bytes, too many to be read whole; read ranges of it");
        content = new byte[length];
        await ReadAsync(key, 0, content, cancellationToken).ConfigureAwait(false);
        return content;
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ObjectKey.ValidateRange(key, offset);
        if (destination.IsEmpty)
        {
            if (await TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false) is null) throw new ObjectMissingException(Address, key, "does not exist");
            return;
        }

        List<Task> pieces = [];
        for (int done = 0; done < destination.Length; done += PieceBytes)
            pieces.Add(ReadPieceAsync(key, offset + done, destination.Slice(done, Math.Min(PieceBytes, destination.Length - done)), cancellationToken));
        await Task.WhenAll(pieces).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        long? length = null;
        await _requests.RepeatAsync(StoreRequest.Length, 0, $"measuring {key}", S3Verdict.Absent, async token =>
            length = (await _requests.Client.GetObjectMetadataAsync(_requests.Options.Bucket, _requests.Full(key), token).ConfigureAwait(false)).ContentLength, cancellationToken)
            .ConfigureAwait(false);
        return length;
    }

    /// <inheritdoc/>
    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
        return new(new S3Upload(_requests, key, _nonces.NextName(), failure => Whole._leftBehind?.Invoke(failure)));
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        await _requests.RepeatAsync(StoreRequest.Delete, 0, $"deleting {key}", S3Verdict.Absent, token => _requests.Client.DeleteObjectAsync(_requests.Options.Bucket, _requests.Full(key), token), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(prefix);
        int skipped = _requests.Full("").Length;
        ListObjectsV2Request request = new() { BucketName = _requests.Options.Bucket, Prefix = _requests.Full(prefix) };
        do
        {
            ListObjectsV2Response page = new();
            await _requests.RepeatAsync(StoreRequest.List, 0, $"listing {prefix}", S3Verdict.Done, async token => page = await _requests.Client.ListObjectsV2Async(request, token).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
            foreach (S3Object found in page.S3Objects ?? [])
            {
                string key = found.Key[skipped..];
                // Keys that no store of ours makes are somebody else's.
                if (ObjectKey.Problem(key) is null) yield return new(key, found.Size ?? 0, new DateTimeOffset((found.LastModified ?? default).ToUniversalTime(), TimeSpan.Zero));
            }

            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <summary>Ends the connections; those of a view are not its own.</summary>
    public ValueTask DisposeAsync()
    {
        if (_whole is not null) return default;
        _requests.Dispose();
        _pieces.Dispose();
        return default;
    }

    async Task ReadPieceAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        await _pieces.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ReadRangeAsync(key, offset, destination, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _pieces.Release();
        }
    }

    async Task ReadRangeAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        GetObjectRequest request = new()
        {
            BucketName = _requests.Options.Bucket, Key = _requests.Full(key), ByteRange = new ByteRange(offset, offset + destination.Length - 1),
        };
        S3Verdict verdict = await _requests.RepeatAsync(
            StoreRequest.Read, 0, $"reading {key}", S3Verdict.Absent | S3Verdict.BeyondEnd, token => FillAsync(request, destination, key, token), cancellationToken).ConfigureAwait(false);
        if (verdict == S3Verdict.Absent) throw new ObjectMissingException(Address, key, "does not exist");
        if (verdict == S3Verdict.BeyondEnd) throw new ObjectMissingException(Address, key, $"ends before byte {offset + 1}");
    }

    async Task FillAsync(GetObjectRequest request, Memory<byte> destination, string key, CancellationToken cancellationToken)
    {
        using GetObjectResponse response = await _requests.Client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
        long first = request.ByteRange.Start;
        bool isWhole = response.HttpStatusCode != System.Net.HttpStatusCode.PartialContent && first > 0;
        if (isWhole || response.ContentLength > destination.Length)
            throw new StoreUnavailableException(Address, $"reading {key}", "it answers a range with the whole object; use a store that knows ranges");
        if (response.ContentLength < destination.Length)
            throw new ObjectMissingException(Address, key, $"ends at byte {first + response.ContentLength}, before {first + destination.Length}");
        await response.ResponseStream.ReadExactlyAsync(destination, cancellationToken).ConfigureAwait(false);
        _requests.Received(destination.Length);
    }

    PutObjectRequest PutRequest(string key, ReadOnlyMemory<byte> content) => S3Upload.PutRequest(_requests, key, content);
}
