using System.Collections.Immutable;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>A record: where it stands, and what else there is to know of it, which follows from that.</summary>
public readonly record struct Reading(int Source, int Split, int Index, int Weight)
{
    public Timestamp At => Timestamp.FromUnixMilliseconds(Index * 10L);
}

/// <summary>
/// A graph of chance over what the API has, with records of chance and the answer a loop over them gives. What it writes does not depend on the
/// order in which splits are read, so the answer is a bag of lines.
/// </summary>
sealed class RandomTopology : ISimulatedJob, IStateOracle
{
    const int PiecesMax = 4;

    readonly ImmutableArray<SimulatedTable<string>> _tables;
    readonly List<ImmutableArray<ImmutableArray<Reading>>> _sources = [];
    readonly List<IPiece> _pieces = [];
    ImmutableArray<int> _parallelism = [];
    bool _isOneSink;

    public RandomTopology()
        : this(false)
    {
    }

    public RandomTopology(bool commitsTwice) => _tables = [.. Enumerable.Range(0, PiecesMax).Select(_ => new SimulatedTable<string> { CommitsTwice = commitsTwice })];

    public void Prepare(ulong seed)
    {
        SimulatedChance chance = new(seed ^ 0x70901067);
        int sources = chance.Between(1, 2);
        for (int source = 0; source < sources; source++)
        {
            int splits = chance.Between(1, 4), most = chance.Between(20, 200);
            _sources.Add([.. Enumerable.Range(0, splits).Select(split =>
                Enumerable.Range(0, chance.Between(most / 2, most)).Select(index => new Reading(source, split, index, chance.Below(100))).ToImmutableArray())]);
        }

        int pieces = chance.Between(1, PiecesMax);
        for (int i = 0; i < pieces; i++) _pieces.Add(Pieces.Make(i, chance));
        _parallelism = [.. Enumerable.Range(0, pieces).Select(_ => chance.Below(3) == 0 ? chance.Between(1, 5) : 0)];
        // Barriers overtake nothing where one sink reads several pieces.
        _isOneSink = chance.Below(3) == 0;
    }

    public void Define(Dataflow flow, SimulatedProcess process)
    {
        DataStream<Reading>? all = null;
        for (int source = 0; source < _sources.Count; source++)
        {
            DataStream<Reading> readings = flow.Source($"source-{source}", new SimulatedSource<Reading>(process, _sources[source]), WatermarkStrategy.Monotonous<Reading>(static r => r.At));
            all = all is null ? readings : all.Union(readings);
        }

        DataStream<string>[] lines = [.. _pieces.Select((piece, i) => piece.Build(all!, process, _parallelism[i]))];
        if (_isOneSink) lines = [lines.Aggregate(static (some, more) => some.Union(more))];
        for (int i = 0; i < lines.Length; i++) lines[i].Sink(i == 0 ? "out" : $"out-{i}", _tables[i].SinkOf(process));
    }

    public void Check()
    {
        Reading[] input = [.. _sources.SelectMany(static s => s).SelectMany(static s => s)];
        Lines.RequireSame([.. _pieces.SelectMany(p => p.Answer(input))], [.. _tables.SelectMany(static t => t.Visible)], $"; pieces: {string.Join(", ", _pieces)}");
    }

    public async Task<bool> CheckStateAsync(SnapshotReader checkpoint)
    {
        SnapshotManifest manifest = checkpoint.Manifest;
        if (manifest.Operators.Any(static o => o.Finished > 0 || o.States.Any(static s => s.Schema.Layout == StateLayout.InFlight && s.Runs.Count > 0))) return false;
        if (Positions.Of(manifest) is not { } positions || positions.Count != _sources.Sum(static s => s.Length)) return false;
        Reading[] read = [.. _sources.SelectMany(static s => s).SelectMany(static s => s).Where(r => r.Index < positions[(r.Source, r.Split)])];
        foreach (CountPiece piece in _pieces.OfType<CountPiece>()) await piece.CheckStateAsync(checkpoint, read);
        return true;
    }
}
