namespace Millrace.State.Snapshots;

/// <summary>Makes the manifest of a new snapshot from that of its parent and what the workers wrote. Pure: equal drafts give equal manifests.</summary>
public static class ManifestBuilder
{
    /// <summary>
    /// Makes a manifest. Of the parent's runs count those of slices without a new run, all of them, and those that are not later than the base
    /// of a new delta; none of a slice with a full one. Packs that no run is in are left out. Owed transactions stay until they are acknowledged.
    /// In-flight records are never carried over.
    /// </summary>
    /// <param name="draft">What it is made of.</param>
    /// <returns>A manifest that keeps the rules of <see cref="ManifestJson"/>.</returns>
    /// <exception cref="InvariantBrokenException">The draft contradicts itself: a bug, since workers and parent are of the engine's making.</exception>
    public static SnapshotManifest Build(SnapshotDraft draft)
    {
        bool hasFolder = draft.Parent is null || (draft.Kind == SnapshotKind.Checkpoint && draft.Parent.Kind == SnapshotKind.Checkpoint);
        Invariant.That(hasFolder, "only a checkpoint names packs of its parent, which is a checkpoint of the same folder");
        Invariant.That(draft.Parent is null || draft.ParentReference?.Id == draft.Parent.Id, "a parent is named");
        PackIndex packs = new();
        OperatorEntry[] operators = [.. draft.Operators.Select(o => new OperatorMerge(o, draft, packs).Merge())];
        string? stranger = draft.Workers.SelectMany(static w => w.Slices).Select(static s => s.OperatorId)
            .FirstOrDefault(id => operators.All(o => o.Id != id));
        Invariant.That(stranger is null, $"every part belongs to an operator of the draft, and '{stranger}' is none");
        // The smallest of those that have event time.
        Timestamp[] watermarks = [.. operators.SelectMany(static o => o.Watermarks).Select(static w => w.Watermark)];
        return new SnapshotManifest
        {
            Id = draft.Id,
            Kind = draft.Kind,
            Job = draft.Job,
            Timeline = draft.Timeline,
            Attempt = draft.Attempt,
            Parent = draft.ParentReference,
            TakenAt = draft.TakenAt,
            Watermark = watermarks.Length == 0 ? Timestamp.None : watermarks.Min(),
            IsDrained = draft.IsDrained,
            Engine = draft.Engine,
            Fingerprint = draft.Fingerprint,
            Honoured = draft.Honoured,
            Operators = operators,
            Owed = Owed(draft),
            Packs = packs.Used,
        };
    }

    static OwedTransaction[] Owed(SnapshotDraft draft) =>
    [
        .. (draft.Owed ?? draft.Parent?.Owed ?? [])
            .Concat(draft.Workers.SelectMany(static w => w.Slices).SelectMany(static s => s.Prepared))
            .Where(o => !draft.Acknowledged.Contains(o.Id))
            .DistinctBy(static o => (o.Operator, o.Id)),
    ];
}

/// <summary>The packs that a new manifest lists: those that a run of it is in, in the order in which runs first name them.</summary>
sealed class PackIndex
{
    readonly List<PackEntry> _used = [];
    readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    /// <summary>The packs so far.</summary>
    public IReadOnlyList<PackEntry> Used => _used;

    /// <summary>The run with the position that its pack has here.</summary>
    /// <param name="run">A run.</param>
    /// <param name="packs">The packs that the run counts.</param>
    public RunEntry Place(RunEntry run, IReadOnlyList<PackEntry> packs)
    {
        Invariant.That(run.Pack >= 0 && run.Pack < packs.Count, "a run with rows is in a pack of its worker or parent");
        PackEntry pack = packs[run.Pack];
        if (!_positions.TryGetValue(pack.Key, out int position))
        {
            position = _used.Count;
            _used.Add(pack);
            _positions.Add(pack.Key, position);
        }

        return run with { Pack = position };
    }
}

/// <summary>Puts the parts of one operator together.</summary>
sealed class OperatorMerge
{
    readonly OperatorDraft _operator;
    readonly OperatorEntry? _parent;
    readonly IReadOnlyList<PackEntry> _parentPacks;
    readonly PackIndex _packs;
    readonly (WorkerPart Worker, SlicePart Slice)[] _slices;

    public OperatorMerge(OperatorDraft draft, SnapshotDraft snapshot, PackIndex packs)
    {
        _operator = draft;
        _parent = snapshot.Parent?.Operators.FirstOrDefault(o => o.Id == draft.Id);
        _parentPacks = snapshot.Parent?.Packs ?? [];
        _packs = packs;
        _slices =
        [
            .. snapshot.Workers.SelectMany(static w => w.Slices.Select(s => (w, s)))
                .Where(p => p.s.OperatorId == draft.Id).OrderBy(static p => p.s.Subtask),
        ];
    }

    public OperatorEntry Merge() => new()
    {
        Id = _operator.Id,
        Verb = _operator.Verb,
        Parallelism = _operator.Parallelism,
        Finished = _slices.Count(static p => p.Slice.IsFinished),
        Watermarks =
        [
            .. _slices.SelectMany(static p => Watermarks(p.Slice)),
        ],
        States =
        [
            .. _slices.SelectMany(static p => p.Slice.States).Select(static s => s.Schema.Name).Distinct(StringComparer.Ordinal).Select(MergeState),
        ],
    };

    /// <summary>The event time of each part of a slice, in order; parts without any are left out.</summary>
    static IEnumerable<RangeWatermark> Watermarks(SlicePart slice)
    {
        long from = slice.Range.Start;
        foreach (RangeWatermark ahead in slice.Ahead.OrderBy(static a => a.Range.Start))
        {
            if (ahead.Range.Start > from && !slice.Watermark.IsNone) yield return new(new(from, ahead.Range.Start), slice.Watermark);
            yield return ahead;
            from = ahead.Range.End;
        }

        if (slice.Range.End > from && !slice.Watermark.IsNone) yield return new(new(from, slice.Range.End), slice.Watermark);
    }

    StateEntry MergeState(string name)
    {
        (WorkerPart Worker, SlicePart Slice, StateEntry State)[] parts =
        [
            .. _slices.SelectMany(static p => p.Slice.States.Select(s => (p.Worker, p.Slice, s))).Where(p => p.s.Schema.Name == name),
        ];
        StateSchema schema = parts[0].State.Schema;
        Invariant.That(parts.All(p => p.State.Schema == schema), $"all instances of operator '{_operator.Id}' have the same state '{name}'");
        return new StateEntry { Schema = schema, Runs = MergeRuns(schema, parts), Items = MergeItems(schema, parts) };
    }

    List<RunEntry> MergeRuns(StateSchema schema, (WorkerPart Worker, SlicePart Slice, StateEntry State)[] parts)
    {
        string name = $"state '{schema.Name}' of operator '{_operator.Id}'";
        foreach ((_, SlicePart slice, StateEntry state) in parts)
        {
            bool isOwn = state.Runs.All(r => slice.Range.Contains(r.Range));
            Invariant.That(isOwn, $"instances write runs of {name} within the slice they own");
        }

        // Positions of packs become final at once for the new runs and the carried ones alike.
        Dictionary<KeyRange, WorkerPart> writers = parts
            .SelectMany(static p => p.State.Runs.Select(r => (r.Range, p.Worker))).DistinctBy(static p => p.Range).ToDictionary();
        StateEntry? before = schema.Layout == StateLayout.Keyed ? _parent?.States.FirstOrDefault(s => s.Schema.Name == schema.Name) : null;
        RunEntry[] written = [.. parts.SelectMany(static p => p.State.Runs)];
        (List<RunEntry> carried, List<RunEntry> added) = RunChain.Join(before?.Runs ?? [], written, name);
        bool fits = carried.Count == 0 || before!.Schema == schema;
        Invariant.That(fits, $"the first snapshot after the schema of {name} has changed is full");
        return
        [
            .. carried.Select(r => _packs.Place(r, _parentPacks)),
            .. added.Select(r => _packs.Place(r, writers[r.Range].Packs)),
        ];
    }

    static IReadOnlyList<ItemEntry> MergeItems(StateSchema schema, (WorkerPart Worker, SlicePart Slice, StateEntry State)[] parts)
    {
        // All instances have the same broadcast state: one of them speaks for all.
        if (schema.Layout == StateLayout.Broadcast) return parts.Select(static p => p.State.Items).FirstOrDefault(static i => i.Count > 0) ?? [];
        return [.. parts.SelectMany(static p => p.State.Items)];
    }
}
