namespace Millrace.Simulation;

/// <summary>
/// Lists of an operator that is not keyed. Broadcast: every instance sees every record, the first of them numbers them. Split: what an instance
/// has seen is somewhere in the end, whoever saw it. Union: every instance gets what all have seen, and each share goes on with one of them by its number.
/// </summary>
sealed record ListsPiece(string Name) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<string> dealt = input.Rebalance().Process<string>($"{Name}-split", scope => new Dealt(scope, this));
        DataStream<string> alike = site.Place(input.Broadcast().Process<string>($"{Name}-broadcast", scope => new Alike(scope, this)));
        DataStream<string> joint = input.Rebalance().Process<string>($"{Name}-union", scope => new Joint(scope, this));
        return site.Place(dealt).Union(alike, site.Place(joint));
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame(
        [.. Enumerable.Range(1, input.Count).Select(n => $"{Name} alike {n}"), $"{Name} dealt {input.Count}", $"{Name} joint {input.Count}"], [.. Essence(lines)]);

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) =>
        Of(lines, "alike").Concat(Lines.AddUp(Of(lines, "dealt"), 1)).Concat(Lines.AddUp(Of(lines, "joint"), 1));

    static IEnumerable<string> Of(IReadOnlyList<string> lines, string kind) => lines.Where(l => l.Contains($" {kind} ", StringComparison.Ordinal));

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

    /// <summary>What one instance has seen.</summary>
    readonly record struct Share(int Owner, int Seen);

    sealed class Joint(OperatorScope scope, ListsPiece piece) : IProcess<Reading, string>, IOpen
    {
        readonly OperatorList<Share> _shares = scope.UnionList<Share>("shares");
        int _index;

        public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
        {
            _index = context.Subtask.Index;
            Share[] all = _shares.ToArray();
            if (all.DistinctBy(static s => s.Owner).Count() < all.Length) throw new InvalidOperationException($"{piece.Name} got a share twice: {string.Join(", ", all)}");
            _shares.Clear();
            foreach (Share share in all.Where(s => s.Owner % context.Subtask.Parallelism == _index)) _shares.Add(share);
            return ValueTask.CompletedTask;
        }

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            int at = 0;
            while (at < _shares.Count && _shares[at].Owner != _index) at++;
            if (at == _shares.Count) _shares.Add(new(_index, 0));
            _shares[at] = _shares[at] with { Seen = _shares[at].Seen + 1 };
        }

        public void OnEnd(Output<string> output)
        {
            if (_shares.Count > 0) output.Emit($"{piece.Name} joint {_shares.ToArray().Sum(static s => s.Seen)}");
        }
    }
}
