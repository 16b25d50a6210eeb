namespace Millrace.Simulation;

/// <summary>Windows without watermarks: nothing is ever late, and all fire when the input ends. A line for each.</summary>
sealed record EndPiece(string Name, int Keys, int Ms) : IExactPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
            .WithEventTime(WatermarkStrategy.NoWatermarks<Reading>(static r => r.At))
            .KeyBy(r => r.Weight % Keys)
            .Window(Tumbling.Of(TimeSpan.FromMilliseconds(Ms)).WithOffset(TimeSpan.FromMilliseconds(Ms / 3)))
            .Count(Name))
        .Select(w => $"{Name} {w.Key} {w.Start.ToUnixMilliseconds()} {w.Value}");

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from r in input
        group r by (Key: r.Weight % Keys, Start: ((r.Ms - (Ms / 3)) / Ms * Ms) + (Ms / 3)) into window
        select $"{Name} {window.Key.Key} {window.Key.Start} {window.Count()}";
}
