using System.Collections.Immutable;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>A small job with all kinds of state, for sweeps: the same for every seed.</summary>
public sealed class SweepTopology : ISimulatedJob
{
    readonly SimulatedTable<string> _table = new();
    readonly IExactPiece[] _pieces = [new CountPiece("count", 5, 2), new BucketPiece("bucket", 3, 200), new WindowPiece("window", 4, 150, 1)];
    readonly ImmutableArray<ImmutableArray<Reading>> _splits =
    [
        .. Enumerable.Range(0, 3).Select(static split => Enumerable.Range(0, 450).Select(index => new Reading(0, split, index, (index * 7) % 100)).ToImmutableArray()),
    ];

    public void Define(Dataflow flow, SimulatedProcess process)
    {
        ArgumentNullException.ThrowIfNull(flow);
        DataStream<Reading> readings = flow.Source("source", new SimulatedSource<Reading>(process, _splits), WatermarkStrategy.Monotonous<Reading>(static r => r.At));
        DataStream<string> lines = _pieces.Select(p => p.Build(readings, new(process, p.Name, 0, new(0, 0)))).Aggregate(static (all, piece) => all.Union(piece));
        lines.Sink("out", _table.SinkOf(process));
    }

    public void Check()
    {
        Reading[] input = [.. _splits.SelectMany(static s => s)];
        Lines.RequireSame([.. _pieces.SelectMany(p => p.Answer(input))], _table.Visible);
    }
}
