using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks.Measuring;

/// <summary>One who takes part in a measurement.</summary>
/// <param name="Label">As in the report: <c>millrace</c>, <c>loop</c>, <c>rx</c>.</param>
/// <param name="Run">Runs all passes once.</param>
/// <param name="Reference">What a run must compute; null where it is a part of something and computes nothing by itself.</param>
/// <param name="Others">The same with other lambdas, for warming up.</param>
sealed record Entrant<T>(string Label, Func<T[][], Outcome> Run, Func<T[][], Outcome>? Reference, params Func<T[][], Outcome>[] Others);

/// <summary>
/// Measures entrants on the same data, in turn: a, b, c, a, b, c, … Before that all of them run on the beginning of the data, each also with
/// other lambdas, so that calls through delegates are as open as in a program with several jobs, and the runtime has compiled everything for good.
/// </summary>
/// <param name="name">The workload.</param>
/// <param name="passes">The data.</param>
/// <param name="samples">How many measurements of each.</param>
sealed class Contest<T>(string name, T[][] passes, int samples)
{
    const int WarmUpRounds = 8;
    const int WarmUpTurns = 8;

    // A method is profiled for about thirty calls, so a run must end after a few batches for all sets of lambdas to be in the profile.
    const int TurnRecords = 2_048;

    // Enough for large tables to become large.
    const int WarmUpRecords = 300_000;

    static readonly TimeSpan TurnsTimeMax = TimeSpan.FromMilliseconds(400);

    // The runtime compiles in the background once nothing new was called for 100 ms; it is given time to do so between the rounds.
    static readonly TimeSpan CompileTime = TimeSpan.FromMilliseconds(200);

    public Series Run(params Entrant<T>[] entrants)
    {
        WarmUp(entrants);
        Outcome?[] expected = [.. entrants.Select(e => e.Reference?.Invoke(passes))];
        Progress progress = new(name, samples);
        Dictionary<string, List<Outcome>> outcomes = entrants.ToDictionary(static e => e.Label, static _ => new List<Outcome>());
        // Sample zero is a rehearsal at full length: the memory that data of this size needs is there afterwards.
        for (int sample = 0; sample <= samples; sample++)
        {
            progress.Sample(sample);
            for (int i = 0; i < entrants.Length; i++)
            {
                Outcome outcome = RunAlone(entrants[i].Run);
                Agree(entrants[i].Label, expected[i], outcome);
                if (sample > 0) outcomes[entrants[i].Label].Add(outcome);
            }
        }

        return new(passes[0].Length, [.. entrants.Select(e => (e.Label, outcomes[e.Label].ToArray()))]);
    }

    void WarmUp(Entrant<T>[] entrants)
    {
        T[][] few = PassData.HeadOf(passes, TurnRecords);
        for (int round = 0; round < WarmUpRounds; round++)
        {
            Progress.Say($"{name}: warming up, {round + 1} of {WarmUpRounds}");
            foreach (Entrant<T> entrant in entrants) TakeTurns(entrant, few);
            Thread.Sleep(CompileTime);
        }

        T[][] head = PassData.HeadOf(passes, WarmUpRecords);
        foreach (Entrant<T> entrant in entrants)
        {
            foreach (Func<T[][], Outcome> other in entrant.Others.Take(1)) other(head);
            Agree(entrant.Label, entrant.Reference?.Invoke(head), entrant.Run(head));
            Thread.Sleep(CompileTime);
        }
    }

    /// <summary>All sets of lambdas in turn, again and again, but not for long.</summary>
    static void TakeTurns(Entrant<T> entrant, T[][] few)
    {
        long start = TimeProvider.System.GetTimestamp();
        for (int turn = 0; turn < WarmUpTurns && TimeProvider.System.GetElapsedTime(start) < TurnsTimeMax; turn++)
        {
            foreach (Func<T[][], Outcome> other in entrant.Others) other(few);
            entrant.Run(few);
        }
    }

    Outcome RunAlone(Func<T[][], Outcome> run)
    {
        // What the one before left behind must not be collected at the cost of this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return run(passes);
    }

    void Agree(string label, Outcome? expected, Outcome actual)
    {
        if (expected is null || (actual.Checksum == expected.Checksum && actual.Results == expected.Results)) return;
        throw new BenchmarkException(
            $"{name}: {label} computed {actual.Results} results with checksum {actual.Checksum}, but {expected.Results} with {expected.Checksum} are right");
    }
}
