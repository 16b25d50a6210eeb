using System.Buffers.Binary;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>Where event time stood in the slices of an operator's keys, as a checkpoint has it.</summary>
sealed class EventTimes(SnapshotManifest manifest, string operatorId)
{
    readonly IReadOnlyList<RangeWatermark> _watermarks = manifest.Operators.FirstOrDefault(o => o.Id == operatorId)?.Watermarks ?? [];

    /// <summary>That of a key: of all parts that have it the furthest, and the beginning of time where there is none yet.</summary>
    public Timestamp Of(uint hash)
    {
        Timestamp furthest = Timestamp.MinValue;
        foreach (RangeWatermark part in _watermarks)
        {
            if (part.Range.Contains(hash) && part.Watermark > furthest) furthest = part.Watermark;
        }

        return furthest;
    }

    /// <summary>The time that tells rows of one key apart: the beginning of a slice, or a deadline.</summary>
    public static Timestamp Tag(SnapshotRow row) => new(BinaryPrimitives.ReadInt64BigEndian(row.Sub.Span) ^ long.MinValue);
}
