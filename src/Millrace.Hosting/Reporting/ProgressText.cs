using System.Globalization;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;

namespace Millrace.Hosting;

/// <summary>How far a job has come, in one line. Pure.</summary>
internal static class ProgressText
{
    /// <summary>The line.</summary>
    /// <param name="status">What the job has done.</param>
    /// <param name="elapsed">Since its start.</param>
    /// <param name="perSecond">Records read a second, lately.</param>
    /// <param name="checkpoint">The last checkpoint; null for none.</param>
    public static string Of(JobStatus status, TimeSpan elapsed, double perSecond, CheckpointStatistics? checkpoint = null)
    {
        List<string> parts = [$"{Number(status.RecordsRead)} read", $"{Number(perSecond)}/s", $"{Number(status.RecordsWritten)} written"];
        long late = LateOf(status);
        if (late > 0) parts.Add($"{Number(late)} late");
        if (EventTimeOf(status) is { } eventTime) parts.Add($"event time {eventTime}");
        if (checkpoint is not null) parts.Add(CheckpointText.Short(checkpoint));
        return $"{status.JobName}  {Clock(elapsed)}  {string.Join("  ", parts)}";
    }

    /// <summary>Records dropped because they were late.</summary>
    public static long LateOf(JobStatus status) => status.Total("numLateRecordsDropped");

    /// <summary>A number with thousands separators, without fraction.</summary>
    public static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Minutes and seconds, with hours in front when there are any.</summary>
    public static string Clock(TimeSpan time) =>
        time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);

    /// <summary>Where event time stands in the operators that are furthest behind; null where there is none, or it has ended.</summary>
    static Timestamp? EventTimeOf(JobStatus status)
    {
        Timestamp least = status.Operators.Select(static o => o.Watermark).Where(static w => !w.IsNone).DefaultIfEmpty(Timestamp.MaxValue).Min();
        if (least == Timestamp.MaxValue) return null;
        // Whole seconds are enough for the eye; a watermark is a tick short of them, where timestamps have no fractions.
        Timestamp next = least + TimeSpan.FromTicks(1);
        return new Timestamp(next.Ticks - (next.Ticks % TimeSpan.TicksPerSecond));
    }
}
