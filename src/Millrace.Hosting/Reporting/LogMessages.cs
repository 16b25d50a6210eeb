using Microsoft.Extensions.Logging;
using Millrace.Runtime.Checkpoints;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>The events that the host logs where its services have an <see cref="ILoggerFactory"/>. Ids are never used for another event.</summary>
internal static partial class LogMessages
{
    /// <summary>The name of the logger.</summary>
    public const string Category = "Millrace.Checkpoints";

    /// <summary>The id of the event that a checkpoint was completed.</summary>
    public const int CheckpointCompletedId = 1001;

    /// <summary>A checkpoint was completed, with all that follows from it.</summary>
    public static void CheckpointCompleted(this ILogger logger, string job, CheckpointStatistics taken)
    {
        StoreCounts asked = taken.Traffic.Taking;
        CheckpointCompleted(
            logger, CheckpointText.Name(taken), taken.Snapshot.Id, job, (long)taken.Elapsed.TotalMilliseconds, taken.PackBytes, taken.ReferencedBytes, asked.Calls, asked.InWords,
            asked.BytesWritten, asked.BytesRead, taken.Traffic.Cleaning.Calls);
    }

    [LoggerMessage(
        CheckpointCompletedId, LogLevel.Information,
        "{Kind} {Id} of {Job} completed in {ElapsedMs} ms: {Bytes} bytes written, {ReferencedBytes} bytes of earlier ones kept; {Requests} requests ({Verbs}), {BytesSent} bytes sent, {BytesReceived} received; {Deletions} deletions of old ones")]
    static partial void CheckpointCompleted(
        ILogger logger, string kind, long id, string job, long elapsedMs, long bytes, long referencedBytes, long requests, string verbs, long bytesSent, long bytesReceived, long deletions);
}
