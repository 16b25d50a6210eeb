namespace Millrace.Simulation;

/// <summary>
/// Writes every record from the version on that brought it, and numbers them per split; its state keeps older versions from starting by mistake.
/// </summary>
sealed record TapPiece(string Name) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .KeyBy(static r => (r.Source, r.Split))
        .Process(Name, state => new Tap(state, this)));

    /// <summary>From some record on all of each split, numbered without a gap.</summary>
    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines)
    {
        ILookup<string, string[]> seen = lines.Select(static l => l.Split(' ')).ToLookup(static w => w[1]);
        foreach (IGrouping<string, Reading> split in input.GroupBy(static r => $"{r.Source}/{r.Split}"))
        {
            string[] expected = [.. split.OrderBy(static r => r.Index).TakeLast(seen[split.Key].Count()).Select((r, n) => $"{Name} {split.Key} {n + 1} {r.Index}")];
            Lines.RequireSame(expected, [.. seen[split.Key].Select(static w => string.Join(' ', w))], $"; {Name} of split {split.Key}, which has {split.Count()} records");
        }
    }

    sealed class Tap(StateScope state, TapPiece piece) : IKeyedProcess<(int Source, int Split), Reading, string>
    {
        readonly ValueState<int> _count = state.Value<int>("count");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            _count.Set(_count.GetOr(0) + 1);
            output.Emit($"{piece.Name} {record.Value.Source}/{record.Value.Split} {_count.GetOr(0)} {record.Value.Index}");
        }
    }
}
