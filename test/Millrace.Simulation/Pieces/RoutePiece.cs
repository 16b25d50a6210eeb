namespace Millrace.Simulation;

/// <summary>Sends every record along ways that change nothing, each operator placed otherwise: a line for each record and number.</summary>
/// <param name="Name">Its operator.</param>
/// <param name="Numbers">How many lines there are of each record.</param>
sealed record RoutePiece(string Name, int Numbers) : IExactPiece, IDrainablePiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<(Reading Reading, int Number)> numbered = site.Place(
            from reading in input.Rescale()
            from number in Enumerable.Range(0, Numbers)
            select (reading, number)).DisableChaining();
        DataStream<string> written = numbered.Rebalance().Process(Name, () => new Pass(this)).Blocking();
        return written.Rescale().Where(static _ => true).StartNewChain();
    }

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) => input.SelectMany(r => Enumerable.Range(0, Numbers).Select(number => Line(r, number)));

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], lines);

    string Line(Reading r, int number) => $"{Name} {r.Source}/{r.Split}/{r.Index} {number}";

    sealed class Pass(RoutePiece piece) : IProcess<(Reading Reading, int Number), string>
    {
        public void OnRecord(in Record<(Reading Reading, int Number)> record, Output<string> output) => output.Emit(piece.Line(record.Value.Reading, record.Value.Number));
    }
}
