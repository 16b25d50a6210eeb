using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>How an operator by key passes records on.</summary>
enum PassKind
{
    /// <summary>Records are doubled before it, and the first of each two is passed on.</summary>
    Once,

    /// <summary>Records are kept until event time has reached them; those that come late go on at once.</summary>
    Held,

    /// <summary>As <see cref="Once"/>, and what is passed on goes out by two ways and is joined again.</summary>
    Parted,
}

/// <summary>
/// Any piece behind another exchange: an operator by key, with state, that passes on each record once, with its timestamp. What the piece writes follows from the
/// same records as without it.
/// </summary>
/// <param name="Inner">The piece.</param>
/// <param name="Kind">How records are passed on.</param>
/// <param name="Keys">How many keys the operator has; zero for one for each split, so that the records of a split stay in order.</param>
/// <param name="Wide">The parallelism of the operator; zero for that of the job.</param>
sealed record BehindPiece(IPiece Inner, PassKind Kind, int Keys, int Wide) : IDrainablePiece
{
    /// <summary>More of them cost a world more steps than they tell: watermarks go from each instance to each.</summary>
    public const int ExchangesMax = 2;

    readonly SideOutput<Reading> _odd = new("odd");

    public string Name => Inner.Name;

    public bool IsRepeatable => Inner.IsRepeatable;

    public bool NeedsOrder => Inner.NeedsOrder;

    public IEnumerable<string> Operators => [Id, .. Inner.Operators];

    public int Exchanges => Inner.Exchanges + 1;

    string Id => $"{Inner.Name}-behind{Depth}";

    int Depth => Inner is BehindPiece deeper ? deeper.Depth + 1 : 1;

    /// <summary>A piece behind one of chance, or a few.</summary>
    public static IDrainablePiece Of(IPiece inner, SimulatedChance chance)
    {
        PassKind kind = inner.NeedsOrder ? PassKind.Once : chance.Pick([PassKind.Once, PassKind.Held, PassKind.Parted]);
        BehindPiece one = new(inner, kind, inner.NeedsOrder ? 0 : chance.Between(1, 20), chance.Below(3) == 0 ? chance.Between(1, 4) : 0);
        return one.Exchanges < ExchangesMax && chance.Below(3) == 0 ? Of(one, chance) : one;
    }

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<Reading> doubled = Kind == PassKind.Held ? input : input.SelectMany(static r => r.Weight % 2 == 0 ? new[] { r, r } : [r]);
        KeyedStream<int, Reading> keyed = doubled.KeyBy(KeyOf);
        DataStream<Reading> passed = keyed.Process<Reading>(Id, state => Kind == PassKind.Held ? new Held(state, site.Process) : new Once(state, this, site.Process));
        if (Wide > 0) passed = passed.WithParallelism(Wide);
        return Inner.Build(Kind == PassKind.Parted ? passed.Union(passed.Side(_odd)) : passed, site);
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Inner.Check(input, lines);

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => ((IDrainablePiece)Inner).CheckDrained(input, lines);

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) => Inner.Essence(lines);

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        EventTimes times = new(checkpoint.Manifest, Id);
        Reading[] kept = Kind == PassKind.Held ? [.. read.Where(r => times.Of(default(Int32KeyOps).Hash(KeyOf(r))) < r.At)] : [.. read];
        List<string> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Id, "records", KeyRange.Full, CancellationToken.None))
            actual.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<(int, int, int)>().Decode(row.Sub.Span)}");
        Lines.RequireSame([.. kept.Select(r => $"{KeyOf(r)} {Place(r)}")], actual, $"; the records of {Id} in checkpoint {checkpoint.Manifest.Id}");
        await Inner.CheckStateAsync(checkpoint, Kind == PassKind.Held ? [.. read.Except(kept)] : read);
    }

    /// <inheritdoc/>
    public override string ToString() => $"BehindPiece {{ {Kind}, Keys = {Keys}, Wide = {Wide} }} of {Inner}";

    int KeyOf(Reading r) => Keys == 0 ? (r.Source * 100) + r.Split : r.Weight % Keys;

    static (int Source, int Split, int Index) Place(Reading r) => (r.Source, r.Split, r.Index);

    sealed class Once(StateScope state, BehindPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, Reading>
    {
        readonly MapState<(int Source, int Split, int Index), bool> _records = state.Map<(int Source, int Split, int Index), bool>("records");

        public void OnRecord(in Record<Reading> record, Output<Reading> output)
        {
            process.MayThrow();
            Reading r = record.Value;
            if (_records.ContainsKey(Place(r))) return;
            _records.Set(Place(r), true);
            if (piece.Kind == PassKind.Parted && r.Index % 2 == 1) output.EmitTo(piece._odd, r);
            else output.Emit(r);
        }
    }

    sealed class Held(StateScope state, SimulatedProcess process) : IKeyedProcess<int, Reading, Reading>
    {
        readonly MapState<(int Source, int Split, int Index), Reading> _records = state.Map<(int Source, int Split, int Index), Reading>("records");
        readonly EventTimerSet _due = state.EventTimerSet("due");

        public void OnRecord(in Record<Reading> record, Output<Reading> output)
        {
            process.MayThrow();
            if (record.Timestamp <= state.CurrentWatermark)
            {
                output.Emit(record.Value);
                return;
            }

            _records.Set(Place(record.Value), record.Value);
            _due.Add(record.Timestamp);
        }

        public void OnTimer(in Firing<int> firing, Output<Reading> output)
        {
            foreach (((int, int, int) place, Reading r) in _records.ToArray())
            {
                if (r.At != firing.Timestamp) continue;
                _records.Remove(place);
                output.Emit(r, r.At);
            }
        }
    }
}
