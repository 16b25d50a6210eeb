using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>What may be done to a simulated job, because its oracle can tell what follows. Immutable.</summary>
sealed record SimulatedTraits
{
    /// <summary>Whether it may be stopped with a drain, and go on from there.</summary>
    public bool AllowsDrain { get; init; }

    /// <summary>Whether barriers need not wait for each other.</summary>
    public bool AllowsAtLeastOnce { get; init; }

    /// <summary>Whether its line of history may be left for a new one that writes everything anew, or goes on from where it was.</summary>
    public bool AllowsRewind { get; init; }

    /// <summary>Whether writing again what was written changes nothing, so that it may go back to an older snapshot.</summary>
    public bool AllowsRepetition { get; init; }

    /// <summary>Whether its sources read splits that event time goes on without while they are idle.</summary>
    public bool HasIdleSplits { get; init; }

    /// <summary>How many versions of its program there are.</summary>
    public int Versions { get; init; } = 1;
}

/// <summary>A simulated job that can be kept from ending.</summary>
interface IHeldJob
{
    /// <summary>Whether sources hold back their last records.</summary>
    bool IsHeld { get; set; }
}

/// <summary>A simulated job to which more may be done than to any.</summary>
interface ISimulatedVariety
{
    /// <summary>What may be done.</summary>
    SimulatedTraits Traits { get; }

    /// <summary>What a start of a version has to say about state, as its operator finds out by planning it.</summary>
    /// <param name="version">The version to be started.</param>
    /// <param name="snapshot">What it starts from.</param>
    /// <param name="from">The version that took the snapshot.</param>
    (IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames) Upgrade(int version, SnapshotManifest snapshot, int from);

    /// <summary>Somebody reads the outside: what was there before is there still.</summary>
    /// <exception cref="SimulationException">It is not.</exception>
    void Look();
}
