namespace Millrace.Simulation;

/// <summary>
/// Lists of an operator that is not keyed. Broadcast: every instance sees every record, the first of them numbers them. Split: what an instance
/// has seen is somewhere in the end, whoever saw it.
/// </summary>
sealed record ListsPiece(string Name) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<string> dealt = input.Rebalance().Process<string>($"{Name}-split", scope => new Dealt(scope, this));
        DataStream<string> alike = site.Place(input.Broadcast().Process<string>($"{Name}-broadcast", scope => new Alike(scope, this)));
        return site.Place(dealt).Union(alike);
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame(
        [.. Enumerable.Range(1, input.Count).Select(n => $"{Name} alike {n}"), $"{Name} dealt {input.Count}"], [.. Essence(lines)]);

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) =>
        lines.Where(static l => l.Contains(" alike ", StringComparison.Ordinal)).Concat(Lines.AddUp(lines.Where(static l => l.Contains(" dealt ", StringComparison.Ordinal)), 1));

    sealed class Dealt(OperatorScope scope, ListsPiece piece) : IProcess<Reading, string>
    {
        readonly OperatorList<int> _counts = scope.SplitList<int>("counts");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            if (_counts.Count == 0) _counts.Add(0);
            _counts[0]++;
        }

        public void OnEnd(Output<string> output)
        {
            if (_counts.Count > 0) output.Emit($"{piece.Name} dealt {_counts.ToArray().Sum()}");
        }
    }

    sealed class Alike(OperatorScope scope, ListsPiece piece) : IProcess<Reading, string>, IOpen
    {
        readonly OperatorList<int> _seen = scope.BroadcastList<int>("seen");
        bool _isFirst;

        public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
        {
            _isFirst = context.Subtask.Index == 0;
            return ValueTask.CompletedTask;
        }

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            if (_seen.Count == 0) _seen.Add(0);
            _seen[0]++;
            if (_isFirst) output.Emit($"{piece.Name} alike {_seen[0]}");
        }
    }
}
