using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Counts and adds up per key and window of the clock, which differs between processes and may go back. Which windows a record is in is chance; it is in so many as there are slides in one.</summary>
sealed record ClockWindowPiece(string Name, int Keys, int Ms, int Slides) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .KeyBy(r => r.Weight % Keys)
        .Window(Sliding.Of(TimeSpan.FromMilliseconds(Ms * Slides), TimeSpan.FromMilliseconds(Ms)).InProcessingTime())
        .Aggregate(
            Name, seed: static () => (Count: 0, Total: 0L), add: static (ref sum, in record) => sum = (sum.Count + 1, sum.Total + record.Value.Index + 1),
            merge: static (a, b) => (a.Count + b.Count, a.Total + b.Total),
            emit: w => $"{Name} {w.Key} {w.Window.Start.ToUnixMilliseconds()} {w.Value.Count} {w.Value.Total}"));

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines)
    {
        Lines.RequireSame([.. input.GroupBy(r => r.Weight % Keys).Select(g => $"{Name} {g.Key} {g.Count() * Slides} {g.Sum(static r => r.Index + 1L) * Slides}")], [.. Essence(lines)], $"; all windows of {Name} together");
        if (lines.GroupBy(static l => string.Join(' ', l.Split(' ')[..3])).FirstOrDefault(static g => g.Skip(1).Any()) is { } twice)
            throw new SimulationException($"a window has fired twice: {string.Join(", ", twice)}");
    }

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) => Lines.AddUp(lines.Select(static l => string.Join(' ', l.Split(' ').Where(static (_, i) => i != 2))), 2);
}
