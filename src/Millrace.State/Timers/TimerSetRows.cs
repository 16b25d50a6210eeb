using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Timers;

/// <summary>Names one deadline of a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Deadline">When it fires.</param>
readonly record struct TimerSetKey<TKey>(TKey Key, Timestamp Deadline);

/// <summary>Operations of <see cref="TimerSetKey{TKey}"/>.</summary>
readonly struct TimerSetOps<TKey, TOps> : IKeyOps<TimerSetKey<TKey>> where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public uint Hash(TimerSetKey<TKey> key) => Hash(default(TOps).Hash(key.Key), key.Deadline);

    /// <summary>Where a deadline is in memory; never stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(uint keyHash, Timestamp deadline) => KeyHash.Finish(KeyHash.Fold(keyHash, (ulong)deadline.Ticks));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(TimerSetKey<TKey> left, TimerSetKey<TKey> right) =>
        left.Deadline == right.Deadline && default(TOps).Equals(left.Key, right.Key);
}

/// <summary>The rows of timers with any number of deadlines per key: one row each, whose value is the order of setting.</summary>
/// <param name="queue">The queue of its domain of time.</param>
/// <param name="context">The current key.</param>
/// <param name="handle">The function's handle.</param>
/// <param name="kind">What snapshots call it.</param>
sealed class TimerSetRows<TKey, TOps>(TimerQueue<TKey> queue, KeyContext<TKey> context, IKeyedTimer handle, string kind)
    : TimerRows<TKey>, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TimerSetKey<TKey>, long, TimerSetOps<TKey, TOps>> _rows = new();
    int _timer = -1;

    /// <inheritdoc/>
    public override IKeyedTimer Handle => handle;

    /// <inheritdoc/>
    public override long Count => _rows.Count;

    /// <summary>Takes its place in the queue.</summary>
    public void Join() => _timer = queue.Add(this);

    /// <summary>Adds a deadline for the current key.</summary>
    public void Add(Timestamp deadline)
    {
        if (deadline.IsNone) throw TimerDeadline.None(handle.Name);
        uint hash = context.Require(handle.Name, out TKey key);
        // Adding what is there already is no change.
        if (_rows.TryGet(RowHash(hash, deadline), new(key, deadline), out _)) return;
        ref long sequence = ref _rows.GetOrAdd(RowHash(hash, deadline), new(key, deadline), out _);
        sequence = queue.NextSequence();
        Push(hash, key, deadline, sequence);
    }

    /// <summary>Removes a deadline of the current key.</summary>
    public bool Remove(Timestamp deadline)
    {
        uint hash = context.Require(handle.Name, out TKey key);
        if (!_rows.Remove(RowHash(hash, deadline), new(key, deadline))) return false;
        queue.OnStale();
        return true;
    }

    internal override bool IsStale(in TimerEntry<TKey> entry)
    {
        ref long sequence = ref _rows.Peek(RowHash(entry.Hash, entry.Deadline), new(entry.Key, entry.Deadline));
        return Unsafe.IsNullRef(ref sequence) || sequence != entry.Sequence;
    }

    internal override TimerFate Take(ref TimerEntry<TKey> entry)
    {
        if (IsStale(entry)) return TimerFate.Stale;
        _rows.Remove(RowHash(entry.Hash, entry.Deadline), new(entry.Key, entry.Deadline));
        return TimerFate.Due;
    }

    ISnapshotRows ISnapshotState.OpenSnapshots()
    {
        Codec<TKey> keys = Codec.OfKey<TKey>();
        Codec<Timestamp> deadlines = Codec.OfKey<Timestamp>();
        Codec<long> sequences = Codec.Of<long>();
        CapturedTables<TimerSetKey<TKey>, long, TimerSetOps<TKey, TOps>> rows = new(
            handle.Name, new OneTable<TimerSetKey<TKey>, long, TimerSetOps<TKey, TOps>>(_rows), new TimerSetFormat<TKey, TOps>(keys, deadlines, sequences));
        StateSchema schema = new()
        {
            Name = handle.Name, Layout = StateLayout.Keyed, Kind = kind, Key = keys.Schema, Sub = deadlines.Schema, Value = sequences.Schema,
        };
        return new KeyedRows(schema, _rows.Clock, [rows], RestoreWith(keys)) { RestoreOf = written => RestoreWith(keys.ReadingFrom(written.Key!, SchemaUse.Key)) };

        RestoreRow RestoreWith(Codec<TKey> keys) => (in row) =>
        {
            TKey key = RowReader.Key<TKey, TOps>(row, keys);
            Timestamp deadline = RowReader.Read(row.Sub, deadlines);
            if (row.IsDeleted) _rows.Remove(RowHash(row.Hash, deadline), new(key, deadline));
            else _rows.GetOrAdd(RowHash(row.Hash, deadline), new(key, deadline), out _) = RowReader.Read(row.Value, sequences);
        };
    }

    internal override void Restored(in TimerEntry<TKey> entry)
    {
        _rows.Peek(RowHash(entry.Hash, entry.Deadline), new(entry.Key, entry.Deadline)) = entry.Sequence;
        Push(entry.Hash, entry.Key, entry.Deadline, entry.Sequence);
    }

    internal override void PushAll()
    {
        foreach ((uint hash, TKey key, Timestamp deadline, long sequence) in Rows()) Push(hash, key, deadline, sequence);
    }

    internal override IEnumerable<(uint Hash, TKey Key, Timestamp Deadline, long Sequence)> Rows()
    {
        foreach ((_, TimerSetKey<TKey> key, long sequence) in _rows.Rows())
            yield return (default(TOps).Hash(key.Key), key.Key, key.Deadline, sequence);
    }

    static uint RowHash(uint hash, Timestamp deadline) => TimerSetOps<TKey, TOps>.Hash(hash, deadline);

    void Push(uint hash, TKey key, Timestamp deadline, long sequence) =>
        queue.Push(new() { Deadline = deadline, Sequence = sequence, Key = key, Hash = hash, Timer = _timer });
}
