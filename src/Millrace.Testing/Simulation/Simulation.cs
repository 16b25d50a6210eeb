namespace Millrace.Testing.Simulation;

/// <summary>What came of a simulation.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="TraceHash">Sixteen hexadecimal digits over everything that happened: the same for the same seed and program.</param>
/// <param name="Events">How many events there were.</param>
/// <param name="Elapsed">How much time passed in the world.</param>
/// <param name="Processes">How many processes ran the job.</param>
/// <param name="Reached">Rare situations that were reached, with how often.</param>
public sealed record SimulationResult(ulong Seed, string TraceHash, long Events, TimeSpan Elapsed, int Processes, IReadOnlyDictionary<string, int> Reached);

/// <summary>A simulation found something.</summary>
/// <param name="seed">Repeats it.</param>
/// <param name="cause">What was found.</param>
public sealed class SimulationFailedException(ulong seed, Exception cause) : Exception($"seed {seed}: {cause.Message}", cause)
{
    /// <summary>Repeats it.</summary>
    public ulong Seed => seed;
}

/// <summary>
/// Runs jobs in simulated worlds: the engine's own code, one thread, virtual time, and everything that goes wrong decided by a seed. The
/// process needs a pool of one thread: <c>ThreadPoolMinThreads</c> and <c>ThreadPoolMaxThreads</c> in its project file are 1.
/// </summary>
public static class Simulation
{
    static readonly TimeSpan s_limit = TimeSpan.FromHours(1);

    /// <summary>Runs a job in the world of one seed, to its end and through its oracle.</summary>
    /// <typeparam name="TJob">The job, with its outside and its oracle.</typeparam>
    /// <param name="seed">Decides everything.</param>
    /// <param name="faults">What goes wrong; the defaults unless given.</param>
    /// <param name="trace">Told of every event, a line each; null for nobody.</param>
    /// <exception cref="SimulationFailedException">The oracle, or the engine's own invariants, found something.</exception>
    /// <exception cref="InvalidOperationException">The process has more threads than one in its pool; says what to change.</exception>
    public static Task<SimulationResult> RunAsync<TJob>(ulong seed, SimulatedFaults? faults = null, Action<string>? trace = null) where TJob : ISimulatedJob, new() =>
        RunAsync(new TJob(), seed, faults ?? SimulatedFaults.Default, trace, static options => options, static _ => Task.CompletedTask);

    /// <param name="job">The job.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="faults">What goes wrong.</param>
    /// <param name="trace">Told of every event.</param>
    /// <param name="change">Changes how each process runs the job.</param>
    /// <param name="after">Looks at the world once the job has passed its oracle.</param>
    internal static Task<SimulationResult> RunAsync(
        ISimulatedJob job, ulong seed, SimulatedFaults faults, Action<string>? trace, Func<LifeOptions, LifeOptions> change, Func<SimulatedScene, Task> after) =>
        PlayAsync(job, seed, trace, async scene =>
        {
            await new SimulatedScenario(scene, change).PlayAsync(faults).ConfigureAwait(false);
            await after(scene).ConfigureAwait(false);
        });

    /// <summary>Plays one life that ends, or stands still, at given effects; none for a whole life.</summary>
    /// <returns>The effects of each of its processes, and the rare situations it met.</returns>
    internal static async Task<(IReadOnlyList<int> Effects, IReadOnlyDictionary<string, int> Reached)> SweepAsync(
        ISimulatedJob job, ulong seed, Runtime.Checkpoints.CheckpointOptions barriers, Func<SimulatedScene, Task> after, params IReadOnlyList<EffectEnd?> ends)
    {
        SimulatedSweep? sweep = null;
        SimulationResult result = await PlayAsync(job, seed, null, async scene =>
        {
            sweep = new(scene, barriers);
            await sweep.PlayAsync(ends).ConfigureAwait(false);
            await after(scene).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return (sweep!.Effects, result.Reached);
    }

    internal static async Task<SimulationResult> PlayAsync(ISimulatedJob job, ulong seed, Action<string>? trace, Func<SimulatedScene, Task> play)
    {
        SimulationPool.RequireOneThread();
        EventTrace events = new(trace);
        SimulatedWorld world = new(seed, events);
        SimulatedScene scene = new(world, job);
        try
        {
            job.Prepare(seed);
            await world.PlayAsync(() => play(scene), s_limit).ConfigureAwait(false);
        }
        catch (Exception found)
        {
            throw new SimulationFailedException(seed, found);
        }

        return new(seed, events.Hash, events.Count, TimeSpan.FromTicks(world.Now), scene.Lives.Count, world.Reached);
    }
}
