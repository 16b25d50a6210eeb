using System.Collections.Concurrent;
using Amazon.S3.Model;

namespace Millrace.Storage.S3;

/// <summary>The parts of an upload: a few under way at a time, each repeated until it is there. One caller at a time.</summary>
sealed class S3Parts(S3Requests requests, string key)
{
    const int UnderWayMax = 4;

    readonly SemaphoreSlim _room = new(UnderWayMax);
    readonly CancellationTokenSource _end = new();
    readonly ConcurrentBag<byte[]> _buffers = [];
    readonly List<Task<PartETag>> _sent = [];
    string? _uploadId;

    /// <summary>Whether the store knows of the upload.</summary>
    public bool IsBegun => _uploadId is not null;

    /// <summary>Parts sent or under way.</summary>
    public int Count => _sent.Count;

    /// <summary>Begins the upload. An attempt that was carried out but not answered leaves an upload that nobody knows of.</summary>
    public async Task BeginAsync(string markName, string mark, CancellationToken cancellationToken)
    {
        InitiateMultipartUploadRequest request = new() { BucketName = requests.Options.Bucket, Key = requests.Full(key) };
        request.Metadata[markName] = mark;
        await requests.RepeatAsync(StoreRequest.Upload, 0, $"beginning {key}", S3Verdict.Done, async token =>
            _uploadId = (await requests.Client.InitiateMultipartUploadAsync(request, token).ConfigureAwait(false)).UploadId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a part as soon as there is room for one more under way.</summary>
    /// <param name="buffer">The part; taken over.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="cancellationToken">Cancels the wait for room.</param>
    /// <returns>A buffer for the next part.</returns>
    /// <exception cref="StoreUnavailableException">This or an earlier part could not be sent.</exception>
    public async Task<byte[]> SendAsync(byte[] buffer, int length, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (Task<PartETag> sent in _sent)
            if (sent.IsFaulted) await sent.ConfigureAwait(false);
        _sent.Add(SendPartAsync(_sent.Count + 1, buffer, length));
        return _buffers.TryTake(out byte[]? free) ? free : new byte[S3Upload.PartBytes];
    }

    /// <summary>Waits until all parts are there.</summary>
    public Task WaitAllAsync() => Task.WhenAll(_sent);

    /// <summary>One attempt to make an object of the parts, unless the key has one.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken) =>
        await requests.Client.CompleteMultipartUploadAsync(new()
        {
            BucketName = requests.Options.Bucket, Key = requests.Full(key), UploadId = _uploadId, IfNoneMatch = "*",
            PartETags = [.. await Task.WhenAll(_sent).ConfigureAwait(false)],
        }, cancellationToken).ConfigureAwait(false);

    /// <summary>Ends what is under way, and without completion aborts the upload.</summary>
    /// <returns>Why it could not be aborted; null when it could or need not.</returns>
    public async Task<StoreUnavailableException?> EndAsync(bool isComplete)
    {
        await _end.CancelAsync().ConfigureAwait(false);
        // How the parts ended was told to the writer, or does not matter any more.
        await ((Task)Task.WhenAll(_sent)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _room.Dispose();
        if (isComplete || _uploadId is null) return null;
        AbortMultipartUploadRequest request = new() { BucketName = requests.Options.Bucket, Key = requests.Full(key), UploadId = _uploadId };
        try
        {
            await requests.RepeatAsync(StoreRequest.Upload, 0, $"aborting {key}", S3Verdict.NoUpload, token => requests.Client.AbortMultipartUploadAsync(request, token), CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (StoreUnavailableException e)
        {
            return e;
        }
    }

    async Task<PartETag> SendPartAsync(int number, byte[] buffer, int length)
    {
        string etag = "";
        try
        {
            await requests.RepeatAsync(StoreRequest.Part, length, $"writing part {number} of {key}", S3Verdict.Done, async token =>
            {
                UploadPartRequest request = new()
                {
                    BucketName = requests.Options.Bucket, Key = requests.Full(key), UploadId = _uploadId, PartNumber = number, PartSize = length,
                    InputStream = S3Requests.Stream(buffer.AsMemory(0, length)), UseChunkEncoding = false,
                };
                etag = (await requests.Client.UploadPartAsync(request, token).ConfigureAwait(false)).ETag;
            }, _end.Token).ConfigureAwait(false);
        }
        finally
        {
            if (buffer.Length == S3Upload.PartBytes) _buffers.Add(buffer);
            _room.Release();
        }

        return new(number, etag);
    }
}
