namespace Millrace.State.Snapshots;

/// <summary>What damage is reported with: the pack, and the state whose rows are being read.</summary>
/// <param name="Key">The pack, as the manifest names it.</param>
/// <param name="OperatorId">The operator; null when the damage concerns the whole pack.</param>
/// <param name="StateName">The state; null when the damage concerns the whole pack.</param>
sealed record PackSite(string Key, string? OperatorId = null, string? StateName = null)
{
    public SnapshotCorruptException Damaged(string what, Exception? cause = null) => new(Key, OperatorId is null
        ? what
        : $"{what}, in state '{StateName}' of operator '{OperatorId}'", cause);
}
