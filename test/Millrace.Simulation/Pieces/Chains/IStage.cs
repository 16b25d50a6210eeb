using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>One operator by key of a chain: what it hands out, and when, follows from what came in, in whatever order.</summary>
interface IStage
{
    /// <summary>Adds its operators; the keyed one has the id.</summary>
    DataStream<Link> Build(DataStream<Link> input, string id, PieceSite site);

    /// <summary>What it has handed out.</summary>
    /// <param name="input">What has come in.</param>
    /// <param name="timeOf">Where event time stands, by key.</param>
    IEnumerable<Link> Emitted(IReadOnlyList<Link> input, Func<int, Timestamp> timeOf);

    /// <summary>Compares its state in a checkpoint with what follows from what had come in.</summary>
    Task CheckStateAsync(SnapshotReader checkpoint, string id, IReadOnlyList<Link> input);
}
