using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Takes some records out by a side output, and passes on the others: a line for each.</summary>
sealed record SidePiece(string Name, int Every) : IExactPiece, IDrainablePiece
{
    readonly SideOutput<string> _taken = new("taken");

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<string> rest = input.Process<string>(Name, _ => new Split(this, site.Process));
        return rest.Union(rest.Side(_taken));
    }

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        input.Select(r => r.Index % Every == 0 ? $"{Name} taken {r}" : $"{Name} {r}");

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], lines);

    /// <summary>As <see cref="IPiece.Check"/>, where barriers did not wait for each other: every line at least once, and no other.</summary>
    public void CheckAtLeastOnce(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) =>
        Lines.RequireSame([.. Answer(input)], [.. lines.Distinct(StringComparer.Ordinal)]);

    sealed class Split(SidePiece piece, SimulatedProcess process) : IProcess<Reading, string>
    {
        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            if (record.Value.Index % piece.Every == 0) output.EmitTo(piece._taken, $"{piece.Name} taken {record.Value}");
            else output.Emit($"{piece.Name} {record.Value}");
        }
    }
}
