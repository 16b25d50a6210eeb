using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Doubles what comes in, and hands out each once: what is odd by a side output, joined again.</summary>
sealed record DistinctStage(int Keys) : IStage
{
    readonly SideOutput<Link> _odd = new("odd");

    public DataStream<Link> Build(DataStream<Link> input, string id, PieceSite site)
    {
        DataStream<Link> first = site.Place(input
            .SelectMany(static l => new[] { l, l })
            .KeyBy(l => l.Number % Keys)
            .Process(id, state => new Known(state, this, site.Process)));
        return first.Union(first.Side(_odd));
    }

    public IEnumerable<Link> Emitted(IReadOnlyList<Link> input, Func<int, Timestamp> timeOf) => input.Distinct();

    public async Task CheckStateAsync(SnapshotReader checkpoint, string id, IReadOnlyList<Link> input)
    {
        List<string> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(id, "known", KeyRange.Full, CancellationToken.None))
            actual.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<Link>().Decode(row.Sub.Span)}");
        Lines.RequireSame([.. input.Distinct().Select(l => $"{l.Number % Keys} {l}")], actual, $"; what {id} knows in checkpoint {checkpoint.Manifest.Id}");
    }

    sealed class Known(StateScope state, DistinctStage stage, SimulatedProcess process) : IKeyedProcess<int, Link, Link>
    {
        readonly MapState<Link, bool> _known = state.Map<Link, bool>("known");

        public void OnRecord(in Record<Link> record, Output<Link> output)
        {
            process.MayThrow();
            if (_known.ContainsKey(record.Value)) return;
            _known.Set(record.Value, true);
            if (record.Value.Value % 2 == 1) output.EmitTo(stage._odd, record.Value);
            else output.Emit(record.Value);
        }
    }
}
