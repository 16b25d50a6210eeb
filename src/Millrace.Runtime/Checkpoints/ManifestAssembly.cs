using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Makes the manifest of a checkpoint from its parent's and from what the workers sent. Pure.</summary>
public static class ManifestAssembly
{
    /// <summary>Merges.</summary>
    /// <param name="header">Everything of the manifest but operators and packs.</param>
    /// <param name="verbs">The verb of each operator, for people.</param>
    /// <param name="parent">The parent's manifest; null when everything was written whole.</param>
    /// <param name="parts">What the workers sent, in the order of the workers.</param>
    public static SnapshotManifest Build(
        SnapshotManifest header, IReadOnlyDictionary<string, string> verbs, SnapshotManifest? parent, IReadOnlyList<WorkerSnapshot> parts)
    {
        var packs = new PackList();
        List<(OperatorSlice Slice, int[] Packs)> slices = [];
        foreach (WorkerSnapshot part in parts)
        {
            int[] own = [.. part.Packs.Select(packs.Add)];
            slices.AddRange(part.Operators.Select(slice => (slice, own)));
        }

        List<OperatorEntry> operators = [];
        foreach (var group in slices.GroupBy(s => s.Slice.OperatorId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            OperatorEntry? before = parent?.Operators.FirstOrDefault(op => op.Id == group.Key);
            operators.Add(Operator(group.Key, verbs.GetValueOrDefault(group.Key, ""), [.. group], before, parent, packs));
        }

        Timestamp[] watermarks = [.. operators.SelectMany(op => op.Watermarks).Select(w => w.Watermark)];
        return header with
        {
            Operators = operators,
            Packs = packs.Items,
            Watermark = watermarks.Length > 0 ? watermarks.Min() : Timestamp.None,
        };
    }

    static OperatorEntry Operator(
        string id, string verb, List<(OperatorSlice Slice, int[] Packs)> slices, OperatorEntry? before, SnapshotManifest? parent, PackList packs)
    {
        int parallelism = slices[0].Slice.Subtask.Parallelism;
        Invariant.That(slices.All(s => s.Slice.Subtask.Parallelism == parallelism), "the instances of an operator agree how many they are");
        Invariant.That(slices.Select(s => s.Slice.Subtask.Index).Distinct().Count() == slices.Count, "an instance takes part once");
        slices.Sort((left, right) => left.Slice.Subtask.Index.CompareTo(right.Slice.Subtask.Index));

        // A state nobody wrote to this time is still there: its name comes from the parent.
        IEnumerable<StateSchema> schemas = slices.SelectMany(s => s.Slice.States).Select(state => state.Schema)
            .Concat(before is null ? [] : before.States.Where(state => state.Runs.Count > 0).Select(state => state.Schema));
        return new OperatorEntry
        {
            Id = id,
            Verb = verb,
            Parallelism = parallelism,
            Finished = slices.Count(s => s.Slice.IsFinished),
            Watermarks = [.. slices.Where(s => !s.Slice.Watermark.IsNone).Select(s => new RangeWatermark(s.Slice.Range, s.Slice.Watermark))],
            States = [.. schemas.DistinctBy(schema => schema.Name).OrderBy(schema => schema.Name, StringComparer.Ordinal)
                .Select(schema => State(schema, slices, before?.States.FirstOrDefault(state => state.Schema.Name == schema.Name), parent, packs))],
        };
    }

    static StateEntry State(
        StateSchema schema, List<(OperatorSlice Slice, int[] Packs)> slices, StateEntry? before, SnapshotManifest? parent, PackList packs)
    {
        List<RunEntry> written = [];
        List<ItemEntry> items = [];
        foreach ((OperatorSlice slice, int[] own) in slices)
        {
            foreach (StateEntry state in slice.States.Where(state => state.Schema.Name == schema.Name))
            {
                written.AddRange(state.Runs.Select(run => run with { Pack = own[run.Pack] }));
                items.AddRange(state.Items);
            }
        }

        List<RunEntry> runs = [];
        foreach (RunEntry run in before?.Runs ?? [])
        {
            if (Counts(run, written)) runs.Add(run with { Pack = packs.Add(parent!.Packs[run.Pack]) });
        }

        runs.AddRange(written);
        // Oldest first within a slice; a sort that keeps the order of equals.
        return new StateEntry { Schema = schema, Runs = [.. runs.OrderBy(run => run.Range.Start).ThenBy(run => run.Snapshot)], Items = items };
    }

    /// <summary>Whether an older run still counts: nothing was written for its slice, or a delta whose base is not before it.</summary>
    static bool Counts(RunEntry old, List<RunEntry> written)
    {
        foreach (RunEntry run in written)
        {
            if (run.Range == old.Range && old.Snapshot > run.Base) return false;
            Invariant.That(run.Range == old.Range || run.Range.Intersect(old.Range).IsEmpty, "slices change only with the first checkpoint of a deployment");
        }

        return true;
    }

    /// <summary>The packs that some run names, once each; what a worker wrote is always named.</summary>
    sealed class PackList
    {
        readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

        public List<PackEntry> Items { get; } = [];

        public int Add(PackEntry pack)
        {
            if (_places.TryGetValue(pack.Key, out int place)) return place;
            _places.Add(pack.Key, Items.Count);
            Items.Add(pack);
            return Items.Count - 1;
        }
    }
}
