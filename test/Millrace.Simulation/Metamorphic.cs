using Millrace.Runtime.Messages;
using Millrace.Testing;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// The same records through the same program, run in other ways: with another parallelism, cadence, chaining, barriers, and stopped and rescaled on the way. What
/// comes out is compared with each other, and with no interpreter.
/// </summary>
static class Metamorphic
{
    /// <summary>Every so many seeds are run in all ways.</summary>
    public const int Every = 20;

    static readonly (string Name, LifeOptions First, LifeOptions? Second)[] s_ways =
    [
        ("alone, aligned", Way(1, 150, Alignment.Aligned), null),
        ("five wide on three workers, unchained, unaligned", Way(5, 15, Alignment.Unaligned) with { IsChaining = false, Workers = 3 }, null),
        ("from three to one", Way(3, 40, Alignment.Aligned), Way(1, 40, Alignment.Unaligned)),
        ("from two to seven on two workers", Way(2, 25, Alignment.Unaligned), Way(7, 60, Alignment.Aligned) with { IsChaining = false, Workers = 2 }),
    ];

    /// <exception cref="SimulationFailedException">Two ways have different answers.</exception>
    public static async Task CheckAsync(ulong seed)
    {
        string[]? answer = null;
        foreach ((string name, LifeOptions first, LifeOptions? second) in s_ways)
        {
            RandomTopology job = new();
            await Testing.Simulation.Simulation.PlayAsync(job, seed, null, scene => PlayAsync(scene, first, second));
            string[] essence = [.. job.Essence().Order(StringComparer.Ordinal)];
            answer ??= essence;
            if (!answer.SequenceEqual(essence))
                throw new SimulationFailedException(seed, new SimulationException($"run '{name}' it has another answer than run '{s_ways[0].Name}': {Difference.OfBags(answer, essence)}; {job}"));
        }
    }

    static async Task PlayAsync(SimulatedScene scene, LifeOptions first, LifeOptions? second)
    {
        if (second is not null)
        {
            SimulatedLife life = scene.Start(first);
            await Task.WhenAny(life.Ended, scene.World.DelayAsync(TimeSpan.FromMilliseconds(150)));
            if (!life.Job.Completion.IsCompleted) await Task.WhenAny(life.Job.StopAsync(isDrain: false, null), life.Ended);
            await Task.WhenAny(life.Ended, scene.World.DelayAsync(TimeSpan.FromMinutes(1)));
            scene.RequireExplained(life);
        }

        await scene.FinishAsync(() => second ?? first);
        await scene.Audit.CheckAsync();
        scene.Job.Check();
    }

    static LifeOptions Way(int parallelism, int intervalMs, Alignment alignment) => new()
    {
        Parallelism = parallelism,
        Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(intervalMs), Alignment = alignment },
    };
}
