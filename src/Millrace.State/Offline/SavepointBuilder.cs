using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.State.Offline;

/// <summary>
/// Writes a savepoint without running a job: from a file or a database, or from the state of another snapshot, with operators renamed or left out,
/// rows re-keyed or changed. A job starts from it with <c>--from ADDRESS</c>, as from any savepoint.
/// <code>
/// CreateAsync -> AddValuesAsync, AddListsAsync, AddMapEntriesAsync, AddTimersAsync, CopyOperatorAsync, CopyStateAsync … -> CompleteAsync -> DisposeAsync
/// </code>
/// One call at a time. Rows may come in any order and number: memory holds <see cref="SavepointOptions.SortBytes"/> of them. Nothing is visible before
/// <see cref="CompleteAsync"/>, and without it no file is left. After a failure nothing but <see cref="DisposeAsync"/> may follow.
/// </summary>
public sealed partial class SavepointBuilder : IAsyncDisposable
{
    readonly IObjectStore _store;
    readonly SavepointOptions _options;
    readonly StoreSurroundings _surroundings;
    readonly SavepointPacks _packs;
    readonly List<DraftedOperator> _operators = [];
    readonly List<OwedTransaction> _owed = [];
    long _id = 1;
    bool _isDrained;

    SavepointBuilder(IObjectStore store, SavepointOptions options, StoreSurroundings surroundings)
    {
        _store = store;
        _options = options;
        _surroundings = surroundings;
        _packs = new(store, surroundings.Nonces, options.Pack);
    }

    /// <summary>Begins a savepoint.</summary>
    /// <param name="stores">Opens the folder; gives clock and chance.</param>
    /// <param name="address">The folder that the savepoint gets for its own.</param>
    /// <param name="options">For which job, and how.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The caller disposes of it.</returns>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="ObjectExistsException">The folder has a snapshot already.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public static async ValueTask<SavepointBuilder> CreateAsync(ObjectStores stores, string address, SavepointOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stores);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        IObjectStore store = await stores.OpenAsync(StoreAddress.Parse(address), cancellationToken).ConfigureAwait(false);
        try
        {
            if (await store.TryGetLengthAsync(SnapshotKeys.ManifestName, cancellationToken).ConfigureAwait(false) is not null)
                throw new ObjectExistsException(store.Address, SnapshotKeys.ManifestName);
            return new(store, options, stores.Surroundings);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the savepoint: its files first, <c>_metadata</c> last.</summary>
    /// <param name="cancellationToken">After cancellation there is no savepoint.</param>
    /// <returns>Names it.</returns>
    /// <exception cref="SavepointRowException">Rows of a state were given twice, or records on their way to an operator whose state was copied would be lost.</exception>
    /// <exception cref="ObjectExistsException">Somebody else has written a snapshot into the folder.</exception>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    public async ValueTask<SnapshotReference> CompleteAsync(CancellationToken cancellationToken = default)
    {
        foreach (CopiedInput input in _inputs) input.Require();
        IReadOnlyList<PackEntry> packs = await _packs.CompleteAsync(cancellationToken).ConfigureAwait(false);
        OperatorEntry[] operators = [.. _operators.Select(o => o.Entry(_packs))];
        await RequireOnceAsync(operators, packs, cancellationToken).ConfigureAwait(false);
        Timestamp[] watermarks = [.. operators.SelectMany(static o => o.Watermarks).Select(static w => w.Watermark)];
        SnapshotManifest manifest = new()
        {
            Id = Math.Max(_id, operators.SelectMany(static o => o.States).SelectMany(static s => s.Runs).Select(static r => r.Snapshot).DefaultIfEmpty(1).Max()),
            Kind = SnapshotKind.Savepoint,
            Job = _options.Job,
            Timeline = _surroundings.Nonces.NextName(),
            Attempt = SavepointPacks.Attempt,
            TakenAt = _surroundings.Time.GetUtcNow(),
            Watermark = watermarks.Length == 0 ? Timestamp.None : watermarks.Min(),
            IsDrained = _isDrained,
            Engine = typeof(SavepointBuilder).Assembly.GetName().Version?.ToString(3) ?? "",
            Fingerprint = "offline",
            Operators = operators,
            Owed = _owed,
            Packs = packs,
        };
        byte[] bytes = ManifestJson.Write(manifest);
        StoreRetry retry = new(RetryPolicy.Default, _surroundings.Time, _surroundings.Nonces);
        PublishOutcome outcome = await _store.PublishAsync(SnapshotKeys.ManifestName, bytes, retry, cancellationToken).ConfigureAwait(false);
        if (outcome is PublishOutcome.Theirs) throw new ObjectExistsException(_store.Address, SnapshotKeys.ManifestName);
        _packs.Keep();
        return new(manifest.Id, manifest.Attempt, SnapshotKeys.ManifestName, ManifestJson.Sha256(bytes));
    }

    /// <summary>Gives everything back. Without <see cref="CompleteAsync"/> before, no file is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await _packs.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Begins a state that has keys.</summary>
    RowSorter Begin(string operatorId, StateSchema schema)
    {
        DraftedState state = StateOf(operatorId, schema);
        return new(_packs, operatorId, schema, _options.SortBytes, state.Runs) { Progress = _options.Progress };
    }

    DraftedState StateOf(string operatorId, StateSchema schema)
    {
        DraftedOperator owner = OperatorOf(operatorId);
        if (owner.States.Exists(s => s.Schema.Name == schema.Name)) throw new ArgumentException($"State '{schema.Name}' of operator '{operatorId}' is in the savepoint already.", nameof(schema));
        DraftedState state = new(schema);
        owner.States.Add(state);
        return state;
    }

    DraftedOperator OperatorOf(string operatorId)
    {
        ArgumentException.ThrowIfNullOrEmpty(operatorId);
        DraftedOperator? owner = _operators.Find(o => o.Id == operatorId);
        if (owner is null) _operators.Add(owner = new(operatorId));
        return owner;
    }

    // Rows sorted in one go were checked then; those of several runs are read again, side by side.
    async ValueTask RequireOnceAsync(OperatorEntry[] operators, IReadOnlyList<PackEntry> packs, CancellationToken cancellationToken)
    {
        foreach ((OperatorEntry owner, StateEntry state) in operators.SelectMany(static o => o.States.Select(s => (o, s))).Where(static p => p.s.Runs.Count > 1))
        {
            List<IRunReader> readers = [];
            foreach (RunEntry run in state.Runs)
            {
                PackReader pack = await PackReader.OpenAsync(_store, "", packs[run.Pack], cancellationToken).ConfigureAwait(false);
                readers.Add(pack.OpenRun(owner.Id, state.Schema, run, KeyRange.Full));
            }

            await using MergedRunReader merged = new(readers);
            long rows = 0;
            while (await merged.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
                while (merged.MoveNext()) rows++;
            long given = state.Runs.Sum(static r => r.Rows);
            if (rows != given) throw new SavepointRowException($"{given - rows:N0} rows of state '{state.Schema.Name}' of operator '{owner.Id}' were given twice: give each key once.");
        }
    }
}

/// <summary>How a savepoint is written.</summary>
public sealed record SavepointOptions
{
    /// <summary>The name of the job that it is meant for. Jobs of other names may start from it, too.</summary>
    public required string Job { get; init; }

    /// <summary>How much memory rows may take before they are sorted and written; more means fewer runs, which are merged when they are read.</summary>
    /// <value>At least 64 KiB, at most 1 GiB. The default is 64 MiB.</value>
    public int SortBytes { get; init; } = 64 << 20;

    /// <summary>How files are written.</summary>
    public PackOptions Pack { get; init; } = new();

    /// <summary>Told how many rows of a state were taken, after every 10,000 and at its end; on the thread that gives the rows. Null, the default, for nobody.</summary>
    public IProgress<SavepointProgress>? Progress { get; init; }

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Job);
        ArgumentOutOfRangeException.ThrowIfLessThan(SortBytes, 64 << 10, nameof(SortBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SortBytes, 1 << 30, nameof(SortBytes));
    }
}

/// <summary>How far the writing of a savepoint has come.</summary>
/// <param name="OperatorId">The operator.</param>
/// <param name="StateName">The state that is being written.</param>
/// <param name="Rows">How many of its rows were taken: one per key, entry or element, or per chunk of a list.</param>
public readonly record struct SavepointProgress(string OperatorId, string StateName, long Rows);

/// <summary>A row cannot be part of a savepoint.</summary>
/// <param name="message">Which state, why, and the cure.</param>
public sealed class SavepointRowException(string message) : Exception(message);

/// <summary>An operator of a savepoint to be.</summary>
sealed class DraftedOperator(string id)
{
    public string Id => id;

    /// <summary>What is kept of an operator that was copied: verb, instances, event time.</summary>
    public OperatorEntry? Copied { get; set; }

    public List<DraftedState> States { get; } = [];

    public OperatorEntry Entry(SavepointPacks packs) => (Copied ?? new() { Id = id, Verb = "", Parallelism = 1 }) with
    {
        Id = id,
        States = [.. States.Select(s => new StateEntry { Schema = s.Schema, Items = s.Items, Runs = [.. s.Runs.Select(packs.Place)] })],
    };
}

/// <summary>A state of a savepoint to be.</summary>
sealed record DraftedState(StateSchema Schema)
{
    public List<WrittenRun> Runs { get; } = [];

    public IReadOnlyList<ItemEntry> Items { get; init; } = [];
}
