using System.Globalization;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>What came of one piece of work.</summary>
/// <param name="What">A seed, or a point of a sweep.</param>
/// <param name="Failure">What was found; null for nothing.</param>
/// <param name="Detail">For people.</param>
/// <param name="Reached">Rare situations.</param>
sealed record Finding(string What, string? Failure, string Detail, IReadOnlyDictionary<string, int> Reached);

/// <summary>The kinds of work a process can do, in an order that is the same everywhere, so that several can share it.</summary>
static class Work
{
    static readonly Dictionary<string, int> s_nothing = [];

    /// <summary>Seeds.</summary>
    public static async IAsyncEnumerable<Finding> SeedsAsync(IEnumerable<int> seeds, Mutation mutation, Action<string>? trace)
    {
        foreach (int seed in seeds)
        {
            Finding finding;
            RandomTopology job = new(mutation.CommitsTwice);
            try
            {
                SimulationResult result = await Testing.Simulation.Simulation.RunAsync(
                    job, (ulong)seed, SimulatedFaults.Default, trace, mutation.Change, Collection.CheckAsync);
                if (seed % Metamorphic.Every == 0 && mutation == Mutation.None) await Metamorphic.CheckAsync((ulong)seed);
                finding = new($"seed {seed}", null, string.Create(CultureInfo.InvariantCulture,
                    $"{result.TraceHash}, {result.Events} events, {result.Elapsed.TotalSeconds:0.0} s of its time, {result.Processes} processes"), result.Reached);
            }
            catch (SimulationFailedException failed)
            {
                finding = new($"seed {seed}", Of(failed.InnerException!, job), "", s_nothing);
            }

            yield return finding;
            // What is broken on purpose was found: that is all there is to know.
            if (finding.Failure is not null && mutation != Mutation.None) yield break;
        }
    }

    /// <summary>What was found, and in which job; in one line first.</summary>
    static string Of(Exception found, RandomTopology job)
    {
        string text = found.ToString(), program = $"{job}";
        if (text.Contains(program, StringComparison.Ordinal)) return text;
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? $"{text}; {program}" : $"{text[..end].TrimEnd()}; {program}{text[end..]}";
    }

    /// <summary>The points of a sweep: every effect of every process of a life, in each way of barriers.</summary>
    public static async IAsyncEnumerable<Finding> SweepAsync(string kind, ulong seed, Func<int, bool> isOurs)
    {
        int number = 0;
        foreach ((string way, CheckpointOptions barriers) in Ways())
        {
            (IReadOnlyList<int> effects, _) = await Testing.Simulation.Simulation.SweepAsync(new SweepTopology(), seed, barriers, Collection.CheckAsync);
            foreach (IReadOnlyList<EffectEnd?> ends in Points(kind, effects, seed))
            {
                if (!isOurs(number++)) continue;
                string what = $"{kind} sweep, {way} barriers, {string.Join(", then ", ends.Select(static e => $"{e?.ToString() ?? "a whole process"}"))}";
                Finding finding;
                try
                {
                    (_, IReadOnlyDictionary<string, int> reached) = await Testing.Simulation.Simulation.SweepAsync(new SweepTopology(), seed, barriers, Collection.CheckAsync, ends);
                    finding = new(what, null, "", reached);
                }
                catch (SimulationFailedException failed)
                {
                    finding = new(what, failed.InnerException!.ToString(), "", s_nothing);
                }

                yield return finding;
            }
        }
    }

    static IEnumerable<(string Way, CheckpointOptions Barriers)> Ways() =>
    [
        ("aligned", new() { Alignment = Alignment.Aligned, AlignTimeout = Timeout.InfiniteTimeSpan }),
        ("unaligned", new() { Alignment = Alignment.Unaligned }),
        ("switching", new() { Alignment = Alignment.Aligned, AlignTimeout = TimeSpan.FromMilliseconds(1) }),
    ];

    /// <summary>Every effect of every process of a life; the processes before it run as long as they have something to do.</summary>
    static IEnumerable<IReadOnlyList<EffectEnd?>> Points(string kind, IReadOnlyList<int> effects, ulong seed)
    {
        SimulatedChance chance = new(seed);
        for (int process = 0; process < effects.Count; process++)
        {
            EffectEnd?[] before = new EffectEnd?[process];
            for (int at = 0; at < effects[process]; at++)
            {
                foreach (bool isBefore in (bool[])[true, false])
                {
                    EffectEnd end = new(at, isBefore, IsPause: kind == "zombie");
                    yield return kind == "double" ? [.. before, end, new EffectEnd(chance.Below(60), chance.Below(2) == 0, IsPause: false)] : [.. before, end];
                }
            }
        }
    }
}
