using System.Collections.Immutable;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>A small job with all kinds of state, for sweeps: the same for every seed.</summary>
sealed class SweepTopology : ISimulatedJob, IStateOracle, ISimulatedVariety, IHeldJob
{
    readonly Outside _outside = new(commitsTwice: false);
    readonly IExactPiece[] _pieces = [new CountPiece("count", 5, 2), new BucketPiece("bucket", 3, 200), new WindowPiece("window", 4, 150, 1)];
    readonly ImmutableArray<ImmutableArray<Reading>> _splits =
    [
        .. Enumerable.Range(0, 3).Select(static split => Enumerable.Range(0, 450).Select(index => new Reading(0, split, index, (index * 7) % 100)).ToImmutableArray()),
    ];

    public SimulatedTraits Traits { get; } = new();

    public bool IsHeld { get; set; }

    IEnumerable<Reading> Input => _splits.SelectMany(static s => s);

    public void Define(Dataflow flow, SimulatedProcess process)
    {
        DataStream<Reading> readings = flow.Source("source-0", new SimulatedSource<Reading>(process, _splits) { IsHeld = () => IsHeld }, WatermarkStrategy.Monotonous<Reading>(static r => r.At));
        DataStream<string> lines = _pieces.Select(p => p.Build(readings, new(process, p.Name, 0, new(0, 0)))).Aggregate(static (all, piece) => all.Union(piece));
        _outside.Sink(lines, Outside.Place.First, 0, process);
    }

    public void Check()
    {
        Look();
        Reading[] input = [.. Input];
        Lines.RequireSame([.. _pieces.SelectMany(p => p.Answer(input))], [.. _outside.Visible(Outside.Place.First)]);
    }

    public void Look() => _outside.Look();

    public (IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames) Upgrade(int version, SnapshotManifest snapshot, int from) => ([], []);

    public Task<bool> CheckStateAsync(SnapshotReader checkpoint) => StateComparison.CheckAsync(checkpoint, _pieces, Input);
}
