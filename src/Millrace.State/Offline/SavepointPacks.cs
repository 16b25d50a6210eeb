using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.State.Offline;

/// <summary>A run and the writer whose packs it counts.</summary>
readonly record struct WrittenRun(RunEntry Run, int Writer);

/// <summary>
/// The packs of a savepoint to be. The first run of every state shares them; each later one, which memory did not hold, has packs of its own,
/// written at once. One call at a time.
/// </summary>
sealed class SavepointPacks(IObjectStore store, NonceSource nonces, PackOptions options) : IAsyncDisposable
{
    /// <summary>No deployment wrote it.</summary>
    public static readonly AttemptId Attempt = new(0, 0);

    readonly string _nonce = nonces.NextName()[..8];
    readonly List<IReadOnlyList<PackEntry>> _completed = [[]];
    PackWriter? _shared;
    bool _isKept;

    /// <summary>Writes a run.</summary>
    /// <param name="operatorId">The operator.</param>
    /// <param name="schema">The state.</param>
    /// <param name="number">Which run of the state: from 1.</param>
    /// <param name="write">Adds its rows.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async ValueTask<WrittenRun> WriteAsync(
        string operatorId, StateSchema schema, long number, Func<RunWriter, ValueTask> write, CancellationToken cancellationToken)
    {
        RunDescription description = new() { OperatorId = operatorId, Schema = schema, Range = KeyRange.Full, Snapshot = number, IsFull = number == 1, Base = number - 1 };
        if (number == 1) return new(await WriteAsync(_shared ??= NewWriter(1, 0), description, write, cancellationToken).ConfigureAwait(false), 0);
        int writer = _completed.Count;
        await using PackWriter own = NewWriter(number, writer);
        RunEntry run = await WriteAsync(own, description, write, cancellationToken).ConfigureAwait(false);
        _completed.Add(await own.CompleteAsync(cancellationToken).ConfigureAwait(false));
        return new(run, writer);
    }

    /// <summary>Makes the packs durable.</summary>
    /// <returns>All of them, in the order that <see cref="Place"/> counts.</returns>
    public async ValueTask<IReadOnlyList<PackEntry>> CompleteAsync(CancellationToken cancellationToken)
    {
        if (_shared is not null) _completed[0] = await _shared.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return [.. _completed.SelectMany(static p => p)];
    }

    /// <summary>The run with the position of its pack among all.</summary>
    public RunEntry Place(WrittenRun written) => written.Run with { Pack = written.Run.Pack + _completed.Take(written.Writer).Sum(static p => p.Count) };

    /// <summary>The packs belong to a savepoint now.</summary>
    public void Keep() => _isKept = true;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_shared is not null) await _shared.DisposeAsync().ConfigureAwait(false);
        if (_isKept) return;
        foreach (PackEntry pack in _completed.SelectMany(static p => p)) await store.DeleteAsync(pack.Key, CancellationToken.None).ConfigureAwait(false);
    }

    static async ValueTask<RunEntry> WriteAsync(PackWriter writer, RunDescription description, Func<RunWriter, ValueTask> write, CancellationToken cancellationToken)
    {
        using RunWriter run = writer.BeginRun(description);
        await write(run).ConfigureAwait(false);
        return await run.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    PackWriter NewWriter(long snapshot, int worker) => new(store, "", new PackOrigin(Attempt, worker, snapshot, _nonce), options);
}

/// <summary>Puts rows of one state into the order of snapshots, as many at a time as memory may hold. Used by one thread.</summary>
/// <param name="packs">Where they go.</param>
/// <param name="operatorId">The operator.</param>
/// <param name="schema">The state.</param>
/// <param name="bytesMax">How much memory rows may take.</param>
/// <param name="runs">Receives the runs.</param>
sealed class RowSorter(SavepointPacks packs, string operatorId, StateSchema schema, int bytesMax, List<WrittenRun> runs) : IDisposable
{
    const int EntryBytes = 24;

    readonly ByteBuffer _bytes = new();
    const int RowsPerReport = 10_000;

    readonly List<Entry> _rows = [];
    long _taken;

    /// <summary>Told how many rows were taken; null for nobody.</summary>
    public IProgress<SavepointProgress>? Progress { get; init; }

    /// <summary>Whether <see cref="SpillAsync"/> is due.</summary>
    public bool IsFull => _bytes.Length + ((long)_rows.Count * EntryBytes) >= bytesMax;

    /// <summary>Takes a row.</summary>
    public void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value)
    {
        _rows.Add(new(hash, _bytes.Length, key.Length, sub.Length, value.Length));
        Append(key);
        Append(sub);
        Append(value);
        if (++_taken % RowsPerReport == 0) Progress?.Report(new(operatorId, schema.Name, _taken));
    }

    /// <summary>Writes what there is as a run.</summary>
    /// <exception cref="SavepointRowException">A key was given twice.</exception>
    public async ValueTask SpillAsync(CancellationToken cancellationToken)
    {
        if (_rows.Count == 0) return;
        _rows.Sort(Compare);
        WrittenRun run = await packs.WriteAsync(operatorId, schema, runs.Count + 1, run => WriteAsync(run, cancellationToken), cancellationToken).ConfigureAwait(false);
        runs.Add(run);
        _rows.Clear();
        _bytes.Clear();
    }

    /// <summary>Writes what is left.</summary>
    /// <exception cref="SavepointRowException">A key was given twice.</exception>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        await SpillAsync(cancellationToken).ConfigureAwait(false);
        Progress?.Report(new(operatorId, schema.Name, _taken));
    }

    public void Dispose() => _bytes.Dispose();

    async ValueTask WriteAsync(RunWriter run, CancellationToken cancellationToken)
    {
        for (int i = 0; i < _rows.Count; i++)
        {
            if (i > 0 && Compare(_rows[i - 1], _rows[i]) == 0) throw Twice(_rows[i]);
            Write(run, _rows[i]);
            if (run.NeedsFlush) await run.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    void Write(RunWriter run, Entry row) => run.Add(row.Hash, KeyOf(row), SubOf(row), _bytes.Written.Slice(row.At + row.KeyLength + row.SubLength, row.ValueLength));

    SavepointRowException Twice(Entry row)
    {
        StateColumns columns = StateColumns.Of(schema);
        string sub = row.SubLength == 0 ? "" : $" and the sub-key {columns.Sub!.Decode(SubOf(row))}";
        return new($"State '{schema.Name}' of operator '{operatorId}' was given two rows for the key {columns.Key!.Decode(KeyOf(row))}{sub}: give each once.");
    }

    int Compare(Entry left, Entry right)
    {
        if (left.Hash != right.Hash) return left.Hash.CompareTo(right.Hash);
        int order = KeyOf(left).SequenceCompareTo(KeyOf(right));
        return order != 0 ? order : SubOf(left).SequenceCompareTo(SubOf(right));
    }

    ReadOnlySpan<byte> KeyOf(Entry row) => _bytes.Written.Slice(row.At, row.KeyLength);

    ReadOnlySpan<byte> SubOf(Entry row) => _bytes.Written.Slice(row.At + row.KeyLength, row.SubLength);

    void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.GetSpan(bytes.Length));
        _bytes.Advance(bytes.Length);
    }

    readonly record struct Entry(uint Hash, int At, int KeyLength, int SubLength, int ValueLength);
}
