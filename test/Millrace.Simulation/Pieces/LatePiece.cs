using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// Counts and adds up per key and window, stragglers included: windows fire again for late records within the allowed lateness, and what is
/// later than that is handed out. Which is which depends on timing; together they are all records, each once.
/// </summary>
sealed record LatePiece(string Name, int Keys, int Ms, int LatenessMs) : IPiece
{
    /// <summary>Whether others than stragglers may be late: where event time goes on without a split that stands still.</summary>
    public bool IsAnyLate { get; init; }

    /// <summary>The one in a piece, if there is one.</summary>
    public static LatePiece? In(IPiece piece) => piece switch
    {
        LatePiece late => late,
        MidStreamPiece middle => middle.Inner,
        BehindPiece behind => In(behind.Inner),
        _ => null,
    };

    readonly record struct Sum(int Count, long Total);

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<string> fired = site.Place(input
            .KeyBy(r => r.Weight % Keys)
            .Window(Tumbling.Of(TimeSpan.FromMilliseconds(Ms)))
            .AllowLateness(TimeSpan.FromMilliseconds(LatenessMs))
            .SplitLate(out DataStream<Reading> late)
            .Aggregate(
                Name, seed: static () => (Count: 0, Total: 0L), add: static (ref sum, in record) => sum = (sum.Count + 1, sum.Total + record.Value.Index + 1),
                merge: static (a, b) => (a.Count + b.Count, a.Total + b.Total),
                emit: w => $"{Name} fired {w.Key} {w.Window.Start.ToUnixMilliseconds()} {w.Value.Count} {w.Value.Total}"));
        return fired.Union(late.Select(r => $"{Name} late {r.Weight % Keys} {r.Ms / Ms * Ms} {r.Source}/{r.Split}/{r.Index}"));
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Check(input, lines, isStragglerOnly: !IsAnyLate);

    /// <summary>Whether it has handed out as late what is no straggler.</summary>
    public bool HasLate(IReadOnlyList<Reading> input, IReadOnlyList<string> lines)
    {
        HashSet<string> own = [.. input.Where(static r => !r.IsStraggler).Select(static r => $"{r.Source}/{r.Split}/{r.Index}")];
        return lines.Select(static l => l.Split(' ')).Any(w => w[1] == "late" && own.Contains(w[4]));
    }

    /// <param name="input">All records.</param>
    /// <param name="lines">What was written.</param>
    /// <param name="isStragglerOnly">Whether none but stragglers can be late: not where event time began in mid-stream.</param>
    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines, bool isStragglerOnly)
    {
        Dictionary<string, Reading> known = input.ToDictionary(static r => $"{r.Source}/{r.Split}/{r.Index}");
        ILookup<string, Sum> fired = lines.Select(static l => l.Split(' ')).Where(static w => w[1] == "fired")
            .ToLookup(static w => $"{w[2]} {w[3]}", static w => new Sum((int)Lines.Number(w[4]), Lines.Number(w[5])));
        ILookup<string, Reading> late = lines.Select(static l => l.Split(' ')).Where(static w => w[1] == "late").ToLookup(static w => $"{w[2]} {w[3]}", w => known[w[4]]);
        foreach (IGrouping<string, Reading> window in input.GroupBy(r => $"{r.Weight % Keys} {r.Ms / Ms * Ms}"))
        {
            Reading[] tooLate = [.. late[window.Key]];
            if (tooLate.Distinct().Count() < tooLate.Length) throw new SimulationException($"{Name} has handed out a late record of window {window.Key} twice");
            if (isStragglerOnly && tooLate.Any(static r => !r.IsStraggler)) throw new SimulationException($"{Name} has taken {tooLate.First(static r => !r.IsStraggler)} for late, which it is not");
            CheckWindow(window.Key, [.. fired[window.Key]], window.Count() - tooLate.Length, window.Sum(static r => r.Index + 1L) - tooLate.Sum(static r => r.Index + 1L));
        }

        int windows = input.Select(r => $"{r.Weight % Keys} {r.Ms / Ms * Ms}").Distinct().Count(key => fired[key].Any());
        if (windows != fired.Count) throw new SimulationException($"{Name} has fired {fired.Count} windows, of which {windows} have records");
    }

    /// <summary>The first firing has some of the records, each later one exactly one more, the last all of them.</summary>
    void CheckWindow(string window, Sum[] fired, int count, long total)
    {
        Array.Sort(fired, static (a, b) => a.Count.CompareTo(b.Count));
        for (int i = 0; i < fired.Length; i++)
        {
            if (fired[i].Count != fired[0].Count + i || fired[i].Count == 0) throw new SimulationException($"{Name} has fired window {window} with {string.Join(", ", fired)}");
        }

        Sum last = fired.Length == 0 ? default : fired[^1];
        if (last != new Sum(count, total)) throw new SimulationException($"the last firing of window {window} of {Name} has {last}, and of its records that were not handed out as late there are {new Sum(count, total)}");
        if (LatenessMs == 0 && fired.Length > 1) throw new SimulationException($"{Name} has fired window {window} {fired.Length} times, and allows for nothing late");
    }

    /// <summary>All records of each window, late or not.</summary>
    public IEnumerable<string> Essence(IReadOnlyList<string> lines) =>
        from line in lines
        let words = line.Split(' ')
        group words by $"{words[2]} {words[3]}" into window
        let fired = window.Where(static w => w[1] == "fired").ToArray()
        let late = window.Where(static w => w[1] == "late").ToArray()
        select $"{Name} {window.Key} {(fired.Length == 0 ? 0 : fired.Max(static w => Lines.Number(w[4]))) + late.Length} "
            + $"{(fired.Length == 0 ? 0 : fired.Max(static w => Lines.Number(w[5]))) + late.Sum(static w => Lines.Number(w[4].Split('/')[2]) + 1)}";
}
