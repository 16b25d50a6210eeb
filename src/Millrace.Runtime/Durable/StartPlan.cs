using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>What a start would do, found out without doing any of it. Immutable.</summary>
/// <param name="Decision">A sentence: where it would begin.</param>
/// <param name="Refusal">Why it would refuse, apart from states that do not fit; null when it would not.</param>
/// <param name="Snapshot">What it would restore; null for nothing.</param>
/// <param name="Lines">What becomes of every state of the snapshot and of the program.</param>
public sealed record StartPlan(string Decision, string? Refusal, SnapshotManifest? Snapshot, IReadOnlyList<UpgradeLine> Lines)
{
    /// <summary>Whether the start would begin.</summary>
    public bool CanStart => Refusal is null && Lines.All(static l => !l.IsRefused);

    /// <summary>Plans a start: reads the ledger and the snapshot, and writes nothing.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="durable">Where its state is, and what the start asks for.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    /// <exception cref="Checkpoints.LedgerRefusedException">The store lost what must not be lost.</exception>
    public static async Task<StartPlan> ReadAsync(JobGraph graph, EmbeddedOptions options, DurableOptions durable, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(durable);
        PlanModel plan = Planner.Plan(graph, options.Parallelism, options.IsChaining);
        using JobStart start = new(graph, plan, options, durable);
        return await start.PlanAsync(cancellationToken).ConfigureAwait(false);
    }
}
