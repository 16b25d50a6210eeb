using System.Runtime.InteropServices;
using Amazon.S3;

namespace Millrace.Storage.S3;

/// <summary>Sends requests, counted: each attempt with a time limit, those that may be repeated until they are answered. Thread-safe.</summary>
sealed class S3Requests(IAmazonS3 client, S3Options options, StoreRetry retry, string address, params StoreMeter[] meters) : IDisposable
{
    public IAmazonS3 Client => client;

    public S3Options Options => options;

    public StoreRetry Retry => retry;

    public string Address => address;

    /// <summary>The same, with what is sent counted in another meter besides.</summary>
    public S3Requests Metered(StoreMeter meter) => new(client, options, retry, address, [.. meters, meter]);

    /// <summary>Counts bytes that came.</summary>
    public void Received(long bytes)
    {
        foreach (StoreMeter meter in meters) meter.Received(bytes);
    }

    /// <summary>The key in the bucket.</summary>
    public string Full(string key) => options.Prefix.Length == 0 ? key : $"{options.Prefix}/{key}";

    /// <summary>Bytes as the SDK takes them.</summary>
    public static MemoryStream Stream(ReadOnlyMemory<byte> content) => MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) && array.Array is { } bytes
        ? new(bytes, array.Offset, array.Count, writable: false)
        : new(content.ToArray(), writable: false);

    /// <summary>One attempt.</summary>
    /// <param name="request">What it asks, to be counted.</param>
    /// <param name="bytes">The content it carries.</param>
    /// <param name="attempt">Sends it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The failure, null when there was none, and what it means.</returns>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<(Exception? Failure, S3Verdict Verdict)> TryOnceAsync(StoreRequest request, long bytes, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        foreach (StoreMeter meter in meters) meter.Sent(request, bytes);
        using CancellationTokenSource limit = new(options.AttemptTimeout, retry.Time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        S3HttpClients.BeginAttempt();
        try
        {
            await attempt(both.Token).ConfigureAwait(false);
            return (null, S3Verdict.Done);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && S3Errors.IsOfRequest(e))
        {
            Exception failure = limit.IsCancellationRequested ? new TimeoutException($"No answer within {options.AttemptTimeout.TotalSeconds:0} seconds", e) : e;
            return (failure, S3Errors.Judge(failure));
        }
    }

    /// <summary>Attempts until there is an answer: for requests that may be repeated.</summary>
    /// <param name="request">What each asks, to be counted.</param>
    /// <param name="bytes">The content each carries.</param>
    /// <param name="doing">For the error: <c>reading ledger/3/0</c>.</param>
    /// <param name="expected">Which negative answers the caller can use.</param>
    /// <param name="attempt">One attempt.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Done, or one of the expected answers.</returns>
    /// <exception cref="StoreUnavailableException">A refusal, or no answer for the time allowed.</exception>
    public async Task<S3Verdict> RepeatAsync(
        StoreRequest request, long bytes, string doing, S3Verdict expected, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        StoreRetry.Attempts attempts = retry.Begin();
        while (true)
        {
            (Exception? failure, S3Verdict verdict) = await TryOnceAsync(request, bytes, attempt, cancellationToken).ConfigureAwait(false);
            if (failure is null || expected.HasFlag(verdict)) return verdict;
            if (verdict is not (S3Verdict.Unanswered or S3Verdict.Conflict)) throw Unavailable(doing, failure, isUnchanged: attempts.Failed == 0);
            if (!await attempts.PauseAsync(cancellationToken).ConfigureAwait(false)) throw Unavailable(doing, failure, attempts);
        }
    }

    /// <summary>The failure as the caller of a store sees it.</summary>
    public StoreUnavailableException Unavailable(string doing, Exception failure, StoreRetry.Attempts? attempts = null, bool isUnchanged = false) =>
        new(address, doing, $"{(attempts is null ? "" : $"{attempts}, the last: ")}{S3Errors.Explain(failure, options)}", failure) { IsUnchanged = isUnchanged };

    public void Dispose() => client.Dispose();
}
