namespace Millrace.Simulation;

/// <summary>Event time that begins in mid-stream, where splits are mixed already: more is late, and nothing is lost all the same.</summary>
/// <param name="Inner">What is done with it.</param>
/// <param name="IdleMs">After how long without a record an instance holds back nobody; zero for never, and for timestamps read anew.</param>
sealed record MidStreamPiece(LatePiece Inner, int IdleMs) : IPiece
{
    public string Name => Inner.Name;

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        TimeSpan bound = TimeSpan.FromMilliseconds(site.Disorder.BoundMs);
        return Inner.Build(
            input.WithEventTime(IdleMs == 0
                ? WatermarkStrategy.BoundedOutOfOrderness<Reading>(bound, static r => r.At)
                : WatermarkStrategy.BoundedOutOfOrderness<Reading>(bound).WithIdleness(TimeSpan.FromMilliseconds(IdleMs))),
            site);
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Inner.Check(input, lines, isStragglerOnly: false);

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) => Inner.Essence(lines);
}
