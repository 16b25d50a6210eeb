using Millrace.State.Codecs;

namespace Millrace.Runtime.Planning;

/// <summary>What keeps a plan from being run by several workers.</summary>
static class ExchangeProblems
{
    // Of each channel: a frame for every batch, as much credit, and barriers that are announced.
    const int MessagesPerChannelMax = 3 * Limits.ChannelBatchesMax;

    /// <summary>Refuses a plan that several workers cannot run.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="workers">How many there are to be; one or more.</param>
    /// <exception cref="InvalidJobException">They cannot; all problems are listed.</exception>
    public static void Require(PlanModel plan, int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        if (workers == 1) return;
        PlanShares shares = PlanShares.Of(plan, Math.Min(workers, PlanShares.WorkersMax(plan)));
        GraphProblem[] problems = [.. Of(shares)];
        if (problems.Length > 0) throw new InvalidJobException(plan.JobName, problems);
    }

    /// <summary>The problems of a plan.</summary>
    public static IEnumerable<GraphProblem> Of(PlanShares shares)
    {
        foreach (PlanEdge edge in shares.Plan.Edges.Where(shares.Crosses))
        {
            foreach (string problem in CodecCheck.Problems(edge.Edge.RecordType).Select(static p => p.ToString()))
                yield return new(edge.To.Id, $"its records of type {edge.Edge.RecordType.Name} come from other workers, and cannot be sent: {problem}");
        }

        int most = (from a in Enumerable.Range(0, shares.Workers) from b in Enumerable.Range(0, shares.Workers) where a != b select shares.ChannelsBetween(a, b)).DefaultIfEmpty().Max();
        const int channelsMax = Limits.ConnectionMessagesMax / MessagesPerChannelMax;
        if (most > channelsMax)
            yield return new(null, $"{most:N0} channels would go from one of {shares.Workers} workers to another, and {channelsMax:N0} can; use more workers or a lower parallelism");
    }
}
