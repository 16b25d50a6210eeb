namespace Millrace.Runtime.Jobs;

/// <summary>Where a deployment failed.</summary>
/// <param name="Operator">The operator's id or name.</param>
/// <param name="Record">The record it was given, or its position in the source, as text; null when it is not known.</param>
/// <param name="Exception">The type of what was thrown.</param>
public sealed record FailureSite(string Operator, string? Record, string Exception);

/// <summary>
/// Recognises a job that crashes on the same record again and again: restarting cannot help. A pure function; immutable.
/// </summary>
/// <param name="Last">Where the last deployment failed; null when it did not, or got on.</param>
/// <param name="Count">How many deployments in a row failed there, without a completed checkpoint between them.</param>
public sealed record PoisonDetector(FailureSite? Last, int Count)
{
    /// <summary>Deployments in a row that make it certain enough.</summary>
    public const int Threshold = 3;

    /// <summary>Nothing has failed yet.</summary>
    public static PoisonDetector Begin { get; } = new(null, 0);

    /// <summary>A checkpoint was completed: the job got past the record, or was not stuck at it.</summary>
    public PoisonDetector OnCheckpoint() => Begin;

    /// <summary>A deployment failed.</summary>
    /// <param name="site">Where; null when it was no operator that failed, which accuses nobody and breaks the row.</param>
    public PoisonDetector OnFailure(FailureSite? site) =>
        site?.Record is null ? Begin : site == Last ? this with { Count = Count + 1 } : new PoisonDetector(site, 1);

    /// <summary>What to tell, once it is certain enough; null before.</summary>
    public string? Verdict => Count < Threshold || Last is null ? null
        : $"{Last.Operator} has failed {Count} times in a row with {Last.Exception} at the same record: {Last.Record}. Restarting does not help: "
            + "make the operator take the record, or filter it out before it";
}
