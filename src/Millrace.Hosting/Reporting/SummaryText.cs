using System.Globalization;
using System.Text;
using Millrace.Runtime;
using Millrace.Runtime.Planning;

namespace Millrace.Hosting;

/// <summary>What a job did, once it has ended. Pure.</summary>
internal static class SummaryText
{
    // Counters of the engine and of connectors, and how they are told; those that are absent or zero are left out.
    static readonly (string Counter, string Meaning)[] s_counters =
    [
        ("windowsFired", "windows fired"),
        ("lateFirings", "results updated by late records"),
        ("numLateRecordsDropped", "late records dropped"),
        ("malformedRows", "malformed rows"),
        ("processingTimersDropped", "timers still set at the end, dropped"),
        ("sideOutputUnread", "records to side outputs nobody reads"),
    ];

    /// <summary>Several lines.</summary>
    /// <param name="result">How the job ended.</param>
    /// <param name="plan">How it ran.</param>
    /// <param name="tally">Its checkpoints; null for a job that keeps no state.</param>
    public static string Of(JobResult result, PlanModel plan, CheckpointTally? tally)
    {
        JobStatus status = result.Status;
        if (result.Ending == JobEnding.AlreadyEnded) return $"{status.JobName}: {result.Note}\n";
        string rate = result.Elapsed > TimeSpan.Zero ? ProgressText.Number(status.RecordsRead / result.Elapsed.TotalSeconds) : "?";
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{status.JobName} {Ended(result, tally)} {result.Elapsed.TotalSeconds:N2} s\n");
        Append(text, status.RecordsRead, $"records read, {rate} a second");
        foreach ((string counter, string meaning) in s_counters)
        {
            if (status.Total(counter) is > 0 and var count) Append(text, count, meaning);
        }

        Append(text, status.RecordsWritten, result.IsCancelled ? "records taken by sinks" : "records written:");
        if (!result.IsCancelled) AppendSinks(text, status, plan);
        if (tally is not null) text.Append(tally.Line).Append('\n');
        if (result.Ending == JobEnding.Stopped) text.Append("the savepoint is ").Append(result.Note).Append('\n');
        return text.ToString();
    }

    static string Ended(JobResult result, CheckpointTally? tally) => result.Ending switch
    {
        JobEnding.Finished => "finished in",
        JobEnding.Stopped => "was stopped after",
        JobEnding.Interrupted when tally is not null => "was interrupted, to go on with the next start, after",
        _ => "was cancelled after",
    };

    static void AppendSinks(StringBuilder text, JobStatus status, PlanModel plan)
    {
        foreach (GraphNode node in plan.Chains.SelectMany(static c => c.Nodes).Where(static n => n.Verb == "Sink"))
            Append(text, status[node.Id].RecordsIn, $"{node.Id}{(node.Spec?.Detail is { } detail ? $", {detail}" : "")}", 4);
    }

    static void Append(StringBuilder text, long count, string meaning, int indent = 0) =>
        text.Append(' ', indent).Append(ProgressText.Number(count).PadLeft(13)).Append("  ").Append(meaning).Append('\n');
}
