using System.Globalization;
using Millrace.Runtime.Checkpoints;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>One checkpoint in a line, for people. Pure.</summary>
internal static class CheckpointText
{
    /// <summary>
    /// All of it: <c>checkpoint 12 in 340 ms: 1,234 bytes written, 5,678 of earlier ones kept; requests: 2 create, 1 get, 1 upload; 2,345 bytes sent, 0 received; then 2 delete</c>.
    /// </summary>
    public static string Of(CheckpointStatistics taken)
    {
        StoreCounts asked = taken.Traffic.Workers + taken.Traffic.Leader, cleaning = taken.Traffic.Cleaning;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Name(taken)} {taken.Snapshot.Id} in {taken.Elapsed.TotalMilliseconds:N0} ms: {taken.PackBytes:N0} bytes written, {taken.ReferencedBytes:N0} of earlier ones kept; requests: {asked.InWords}; "
            + $"{asked.BytesWritten:N0} bytes sent, {asked.BytesRead:N0} received");
        if (taken.Traffic.Gathering is { Calls: > 0 } gathering)
        {
            text += string.Create(
                CultureInfo.InvariantCulture,
                $"; gathered in {taken.Gathering.TotalMilliseconds:N0} ms: {gathering.InWords}; {gathering.BytesWritten:N0} bytes sent, {gathering.BytesRead:N0} received");
        }

        return cleaning.Calls > 0 ? $"{text}; then {cleaning.InWords}" : text;
    }

    /// <summary>The least of it, for a line that has more to say: <c>checkpoint 12: 340 ms, 1,234 bytes, 4 requests</c>.</summary>
    public static string Short(CheckpointStatistics taken) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name(taken)} {taken.Snapshot.Id}: {taken.Elapsed.TotalMilliseconds:N0} ms, {taken.PackBytes:N0} bytes, {taken.Traffic.Taking.Calls:N0} requests");

    /// <summary>The word for it.</summary>
    public static string Name(CheckpointStatistics taken) => taken.Purpose is CheckpointPurpose.Savepoint or CheckpointPurpose.Stop ? "savepoint" : "checkpoint";
}
