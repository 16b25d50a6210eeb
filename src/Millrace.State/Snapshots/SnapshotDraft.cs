namespace Millrace.State.Snapshots;

/// <summary>Everything a new manifest is made of: what <see cref="ManifestBuilder"/> needs and nothing else. Immutable.</summary>
public sealed record SnapshotDraft
{
    /// <summary>The id of the checkpoint.</summary>
    public required long Id { get; init; }

    /// <summary>What it is made for.</summary>
    public required SnapshotKind Kind { get; init; }

    /// <summary>The name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>The line of history: 32 hexadecimal digits, small letters.</summary>
    public required string Timeline { get; init; }

    /// <summary>The deployment that takes it.</summary>
    public required AttemptId Attempt { get; init; }

    /// <summary>When it was begun, by the leader's clock.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Whether all windows and event timers were fired before it.</summary>
    public bool IsDrained { get; init; }

    /// <summary>The version of the engine.</summary>
    public required string Engine { get; init; }

    /// <summary>Tells programs with the same operators and states from others.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>What starts on its line of history were told to drop and rename.</summary>
    public IReadOnlyList<string> Honoured { get; init; } = [];

    /// <summary>
    /// The newest committed checkpoint of the same job folder, whose runs still count where nothing replaces them; null when every run is full: after
    /// a restore from another folder, and for savepoints, which are self-contained.
    /// </summary>
    public SnapshotManifest? Parent { get; init; }

    /// <summary>The name of the parent; not null when <see cref="Parent"/> is not.</summary>
    public SnapshotReference? ParentReference { get; init; }

    /// <summary>The operators, in the order they are to be listed.</summary>
    public required IReadOnlyList<OperatorDraft> Operators { get; init; }

    /// <summary>What each worker contributes. What the leader adds itself, known splits for example, is one more without packs.</summary>
    public required IReadOnlyList<WorkerPart> Workers { get; init; }

    /// <summary>Transactions owed before this snapshot, acknowledged or not; null for those of <see cref="Parent"/>.</summary>
    public IReadOnlyList<OwedTransaction>? Owed { get; init; }

    /// <summary>The ids of owed transactions that the ledger acknowledges.</summary>
    public IReadOnlySet<string> Acknowledged { get; init; } = new HashSet<string>();
}

/// <summary>One operator of a snapshot to be.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Verb">Its verb.</param>
/// <param name="Parallelism">How many instances there are.</param>
public sealed record OperatorDraft(string Id, string Verb, int Parallelism);

/// <summary>What one worker contributes.</summary>
/// <param name="Packs">The packs it wrote; runs of <paramref name="Slices"/> name them by their position here.</param>
/// <param name="Slices">What each of its instances of operators contributes.</param>
public sealed record WorkerPart(IReadOnlyList<PackEntry> Packs, IReadOnlyList<SlicePart> Slices);

/// <summary>What one instance of one operator contributes.</summary>
public sealed record SlicePart
{
    /// <summary>The operator's id.</summary>
    public required string OperatorId { get; init; }

    /// <summary>Which instance; items are listed in this order.</summary>
    public required int Subtask { get; init; }

    /// <summary>The slice of the hash space it owns.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>Whether it had finished.</summary>
    public bool IsFinished { get; init; }

    /// <summary>Where event time stood; none without.</summary>
    public Timestamp Watermark { get; init; } = Timestamp.None;

    /// <summary>Parts of the slice for which event time was further than that; disjoint.</summary>
    public IReadOnlyList<RangeWatermark> Ahead { get; init; } = [];

    /// <summary>
    /// Its states with the runs written for this snapshot and all items. A keyed state without a run for a slice keeps what the parent has for
    /// it; that a slice is empty, though it was not, says a full run without rows (<see cref="RunEntry.Nowhere"/>).
    /// </summary>
    public IReadOnlyList<StateEntry> States { get; init; } = [];

    /// <summary>Transactions prepared since the last snapshot.</summary>
    public IReadOnlyList<OwedTransaction> Prepared { get; init; } = [];
}
