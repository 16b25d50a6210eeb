using System.Collections.Immutable;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// A graph of chance over what the API has, with records of chance and the oracles of its pieces. What it writes does not depend on the
/// order in which splits are read.
/// </summary>
sealed class RandomTopology(bool commitsTwice = false) : ISimulatedJob, IStateOracle, ISimulatedVariety
{
    const int Repeating = 8;    // The kind in which everything is written by key, so that it may be written again.
    const int Idle = 9;         // The kind in which splits stand still, and event time goes on without them.

    readonly Outside _outside = new(commitsTwice);
    readonly List<ImmutableArray<ImmutableArray<Reading>>> _sources = [];
    readonly List<(IPiece Piece, int Parallelism, Outside.Place[] Places)> _pieces = [];
    readonly Dictionary<string, string> _forms = new(StringComparer.Ordinal);
    readonly TapPiece _tap = new(Versions.TapId);
    Disorder _disorder = new(0, 0);
    Versions _versions = Versions.One;
    bool _hasSinkEach;
    int _restsPerThousand;
    TimeSpan? _idleAfter;
    TimeSpan _pauseMax;
    SimulatedWorld? _world;
    int _skew;

    /// <inheritdoc/>
    public SimulatedTraits Traits { get; private set; } = new();

    IReadOnlyList<Reading> Input => [.. _sources.SelectMany(static s => s).SelectMany(static s => s)];

    public void Prepare(ulong seed)
    {
        SimulatedChance chance = new(seed ^ 0x70901067);
        _disorder = Disorder.Random(chance);
        int sources = chance.Between(1, 2);
        _skew = chance.Pick([1, 1, 2, 4]);
        for (int source = 0; source < sources; source++) _sources.Add(_disorder.Splits(source, _skew, chance));
        int kind = chance.Below(16), pieces = chance.Between(1, 4);
        for (int i = 0; i < pieces; i++)
        {
            IPiece piece = kind switch
            {
                // Where records may come twice, or windows early, not every piece can say what must be.
                0 => new SidePiece($"side{i}", chance.Between(2, 7)),
                1 or 2 or Repeating => Pieces.MakeDrainable(i, chance),
                3 or 4 when i == 0 => Pieces.Evolving(i, chance),
                5 or 6 when i == 0 => Pieces.Count(i, chance),
                5 or 6 when i == 1 => Pieces.Evolving(i, chance),
                Idle => Pieces.MakePatient(i, chance),
                _ => Pieces.Make(i, chance),
            };
            // What versions do something to has its own id; barriers that do not wait are for what keeps nothing.
            if (kind != 0 && piece is not (CountPiece or EvolvingPiece) && piece.Exchanges < BehindPiece.ExchangesMax && chance.Below(3) == 0) piece = BehindPiece.Of(piece, chance);
            _pieces.Add((piece, chance.Below(3) == 0 ? chance.Between(1, 5) : 0, PlacesOf(piece, kind, chance)));
        }

        // Read in a moment, or all the while that things go wrong.
        _pauseMax = TimeSpan.FromMilliseconds(chance.Pick([12, 50, 100, 200]));
        if (kind == Idle) (_restsPerThousand, _idleAfter) = (chance.Pick([20, 60, 150]), TimeSpan.FromMilliseconds(chance.Between(15, 80)));
        if (kind is >= 3 and <= 6) _versions = Versions.Random(chance, [.. _pieces.Select(static p => p.Piece)]);
        // A piece that is removed leaves its sink behind.
        _hasSinkEach = !_versions.Removes && chance.Below(2) == 0;
        Traits = new() { AllowsAtLeastOnce = kind == 0, AllowsDrain = kind is 1 or 2, AllowsRewind = kind is 7 or Repeating, AllowsRepetition = kind == Repeating, HasIdleSplits = kind == Idle, Versions = _versions.Count };
    }

    public void Define(Dataflow flow, SimulatedProcess process)
    {
        _world = process.World;
        DataStream<Reading>? all = null;
        for (int source = 0; source < _sources.Count; source++)
        {
            WatermarkStrategy<Reading> eventTime = WatermarkStrategy.BoundedOutOfOrderness<Reading>(TimeSpan.FromMilliseconds(_disorder.BoundMs), static r => r.At);
            DataStream<Reading> readings = flow.Source(
                $"source-{source}", new SimulatedSource<Reading>(process, _sources[source]) { RestsPerThousand = _restsPerThousand, PauseMax = _pauseMax },
                _idleAfter is { } idleAfter ? eventTime.WithIdleness(idleAfter) : eventTime);
            all = all is null ? readings : all.Union(readings);
        }

        int version = process.Version;
        if (_versions.Has(version, ProgramChange.PassAdded) && !_versions.Has(version, ProgramChange.PassRemoved)) all = all!.Select(static r => r);
        Dictionary<(Outside.Place Place, int Number), DataStream<string>> lines = [];
        for (int i = 0; i < _pieces.Count; i++)
        {
            (IPiece piece, int parallelism, Outside.Place[] places) = _pieces[i];
            if (ReferenceEquals(piece, _versions.Target) && _versions.Has(version, ProgramChange.PieceRemoved)) continue;
            DataStream<string> written = piece.Build(all!, new(process, _versions.IdOf(piece.Name, version), parallelism, _disorder, _versions.FormOf(version)));
            foreach (Outside.Place place in places)
            {
                (Outside.Place, int) sink = (place, _hasSinkEach ? i : 0);
                lines[sink] = lines.TryGetValue(sink, out DataStream<string>? others) ? others.Union(written) : written;
            }
        }

        if (_versions.Has(version, ProgramChange.TapAdded)) lines[(Outside.Place.Added, 0)] = _tap.Build(all!, new(process, _tap.Name, 0, _disorder));
        foreach (((Outside.Place place, int number), DataStream<string> stream) in lines) _outside.Sink(stream, place, number, process);
    }

    public void Check()
    {
        _outside.Look();
        try
        {
            foreach ((IPiece piece, _, Outside.Place[] places) in _pieces)
            {
                foreach (Outside.Place place in places) Check(piece, LinesOf(piece, place));
            }

            _tap.Check(Input, LinesOf(_tap, Outside.Place.Added));
            if (_idleAfter is not null && WereLate()) _world!.Reach("records of a split that had stood still were late");
        }
        catch (SimulationException found)
        {
            throw new SimulationException($"{found.Message}; {this}");
        }
    }

    public void Look() => _outside.Look();

    public (IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames) Upgrade(int version, SnapshotManifest snapshot, int from)
    {
        if (_versions.FormOf(version) > _versions.FormOf(from)) _world!.Reach("a version was started that has other types than the snapshot");
        if (_versions.FormOf(version) > _versions.FormOf(from) + 1) _world!.Reach("a version was started that has types two forms later than the snapshot");
        return _versions.Upgrade(version, snapshot, from);
    }

    public async Task<bool> CheckStateAsync(SnapshotReader checkpoint)
    {
        if (Traits is not { AllowsDrain: false, AllowsAtLeastOnce: false }) return false;
        NoteForms(checkpoint.Manifest);
        bool any = await StateComparison.CheckAsync(checkpoint, _pieces.Select(static p => p.Piece).Where(p => !ReferenceEquals(p, _versions.Target)), Input);
        if (any && Traits.Versions > 1) _world!.Reach("state was compared across versions of the program");
        return any;
    }

    /// <summary>What was written, without what may differ between two runs over the same records.</summary>
    public IEnumerable<string> Essence() => _pieces.SelectMany(p => p.Places.SelectMany(place => p.Piece.Essence(LinesOf(p.Piece, place)).Select(line => $"{place} {line}")));

    /// <inheritdoc/>
    public override string ToString() => $"pieces: {string.Join(", ", _pieces.Select(static p => $"{p.Piece} into {string.Join(" and ", p.Places)}"))}; a sink {(_hasSinkEach ? "each" : "together")}; {_disorder}, skew {_skew}{(_idleAfter is { } after ? $", splits rest and are idle after {after}" : "")}; versions: {_versions}{(_versions.Has(_versions.Count, ProgramChange.TapAdded) ? $", with {_tap}" : "")}";

    /// <summary>Tells when state has been read in one form and written in another.</summary>
    void NoteForms(SnapshotManifest manifest)
    {
        foreach (StateEntry state in manifest.Operators.Where(static o => o.Id.StartsWith("evolving", StringComparison.Ordinal)).SelectMany(static o => o.States).Where(static s => s.Runs.Count > 0))
        {
            if (!_forms.TryGetValue(state.Schema.Name, out string? before)) before = null;
            string form = _forms[state.Schema.Name] = $"{state.Schema.Value}";
            if (before is not null && before != form) _world!.Reach($"state went on in another form: {state.Schema.Kind.Split(' ')[0]}");
        }
    }

    /// <summary>Whether records were late that are not behind what their split had had before.</summary>
    bool WereLate() => _pieces.Any(p => LatePiece.In(p.Piece) is { } late && late.HasLate(Input, LinesOf(p.Piece, p.Places[0])));

    static Outside.Place[] PlacesOf(IPiece piece, int kind, SimulatedChance chance) => chance.Below(6) switch
    {
        _ when kind == Repeating => [Outside.Place.Keyed],
        0 => [Outside.Place.Second],
        1 => [Outside.Place.First, Outside.Place.Second],
        2 or 3 when piece.IsRepeatable && kind > 6 => [Outside.Place.Keyed],
        _ => [Outside.Place.First],
    };

    IReadOnlyList<string> LinesOf(IPiece piece, Outside.Place place) => [.. _outside.Visible(place).Where(l => l.StartsWith($"{piece.Name} ", StringComparison.Ordinal))];

    void Check(IPiece piece, IReadOnlyList<string> lines)
    {
        if (piece is SidePiece side && Traits.AllowsAtLeastOnce) side.CheckAtLeastOnce(Input, lines);
        else if (piece is IDrainablePiece drainable && Traits.AllowsDrain) drainable.CheckDrained(Input, lines);
        else if (ReferenceEquals(piece, _versions.Target) && _versions.Removes) _versions.Target.CheckDropped(Input, lines, isWhole: false);
        else if (ReferenceEquals(piece, _versions.Target) && _versions.Drops) _versions.Target.CheckDropped(Input, lines, isWhole: true);
        else piece.Check(Input, lines);
    }
}
