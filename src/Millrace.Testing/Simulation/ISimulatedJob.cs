namespace Millrace.Testing.Simulation;

/// <summary>
/// A job to be simulated, together with the world outside it: what it reads, and what it writes to. One object for each seed; it outlives the
/// processes that run the job.
/// </summary>
public interface ISimulatedJob
{
    /// <summary>Prepares the outside from a seed: how much there is to read, say. The default does nothing.</summary>
    /// <param name="seed">The seed of the world.</param>
    void Prepare(ulong seed)
    {
    }

    /// <summary>Describes the job, for each process anew. Sources must be replayable.</summary>
    /// <param name="flow">Where.</param>
    /// <param name="process">The process; effects on the outside go through it.</param>
    void Define(Dataflow flow, SimulatedProcess process);

    /// <summary>The oracle: looks at the outside once the job has finished.</summary>
    /// <exception cref="Exception">The outside is not as it should be.</exception>
    void Check();
}
