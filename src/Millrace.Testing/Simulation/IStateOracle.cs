using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>A simulated job that knows what its state is from how far its sources have been read.</summary>
interface IStateOracle
{
    /// <summary>Compares the state in a checkpoint with what follows from the positions in it.</summary>
    /// <returns>Whether it could be compared: not where records are in flight or tasks have finished.</returns>
    /// <exception cref="SimulationException">They contradict each other.</exception>
    Task<bool> CheckStateAsync(SnapshotReader checkpoint);
}
