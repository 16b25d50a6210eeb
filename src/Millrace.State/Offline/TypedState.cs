using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>
/// State read as the types that a job declares it with, or as later forms of them that a job could restore it as. What was over at the snapshot by its TTL is left out.
/// </summary>
public static class TypedState
{
    /// <summary>The keys with their values, of a state with one value per key: declared as value, reducing or aggregating, or the state of a folding verb.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="range">The slice of the hash space wanted; null for all of it. Slices may be read side by side.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">There is no such state, or it is of another kind.</exception>
    /// <exception cref="IncompatibleSchemaException">What was written cannot be read as the types; the message names the members and the cures.</exception>
    /// <exception cref="SnapshotCorruptException">Bytes are not what was written, or a file is missing.</exception>
    public static IAsyncEnumerable<KeyValue<TKey, TValue>> ReadValuesAsync<TKey, TValue>(
        this StateSnapshot snapshot, string operatorId, string stateName, KeyRange? range = null, CancellationToken cancellationToken = default)
    {
        StateSchema schema = Require(snapshot, operatorId, stateName, null);
        Codec<TKey> keys = KeysOf<TKey>(schema);
        Codec<TValue> values = Codec.Of<TValue>().ReadingFrom(schema.Value);
        return ReadAsync(snapshot, operatorId, stateName, range, (in row) => new KeyValue<TKey, TValue>(keys.Decode(row.Key), values.Decode(row.Value)), cancellationToken);
    }

    /// <summary>The keys with their lists, of a list state.</summary>
    /// <inheritdoc cref="ReadValuesAsync" path="/param"/>
    /// <inheritdoc cref="ReadValuesAsync" path="/exception"/>
    public static async IAsyncEnumerable<KeyValue<TKey, IReadOnlyList<T>>> ReadListsAsync<TKey, T>(
        this StateSnapshot snapshot, string operatorId, string stateName, KeyRange? range = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StateSchema schema = Require(snapshot, operatorId, stateName, "list");
        Codec<TKey> keys = KeysOf<TKey>(schema);
        Codec<int> numbers = Codec.OfKey<int>();
        Codec<List<T>> chunks = Codec.Of<List<T>>().ReadingFrom(schema.Value);
        byte[]? held = null;
        List<(int Number, List<T> Elements)> parts = [];
        await foreach ((byte[] key, int number, List<T> elements) in ReadAsync(
            snapshot, operatorId, stateName, range, (in row) => (row.Key.ToArray(), numbers.Decode(row.Sub), chunks.Decode(row.Value)), cancellationToken).ConfigureAwait(false))
        {
            if (held is not null && !key.AsSpan().SequenceEqual(held))
            {
                yield return new(keys.Decode(held), InOrder(parts));
                parts.Clear();
            }

            held = key;
            parts.Add((number, elements));
        }

        if (held is not null) yield return new(keys.Decode(held), InOrder(parts));
    }

    /// <summary>The entries of all maps, of a map state; those of one key together, in no order.</summary>
    /// <inheritdoc cref="ReadValuesAsync" path="/param"/>
    /// <inheritdoc cref="ReadValuesAsync" path="/exception"/>
    public static IAsyncEnumerable<(TKey Key, TMapKey MapKey, TValue Value)> ReadMapEntriesAsync<TKey, TMapKey, TValue>(
        this StateSnapshot snapshot, string operatorId, string stateName, KeyRange? range = null, CancellationToken cancellationToken = default)
    {
        StateSchema schema = Require(snapshot, operatorId, stateName, "map");
        Codec<TKey> keys = KeysOf<TKey>(schema);
        Codec<TMapKey> mapKeys = Codec.OfKey<TMapKey>().ReadingFrom(schema.Sub!, SchemaUse.Distinct);
        Codec<(long Order, TValue Value)> values = Codec.Of<(long Order, TValue Value)>().ReadingFrom(schema.Value);
        return ReadAsync(snapshot, operatorId, stateName, range, (in row) => (keys.Decode(row.Key), mapKeys.Decode(row.Sub), values.Decode(row.Value).Value), cancellationToken);
    }

    /// <summary>The keys with their deadlines, of a timer of any kind.</summary>
    /// <inheritdoc cref="ReadValuesAsync" path="/param"/>
    /// <inheritdoc cref="ReadValuesAsync" path="/exception"/>
    public static IAsyncEnumerable<KeyValue<TKey, Timestamp>> ReadTimersAsync<TKey>(
        this StateSnapshot snapshot, string operatorId, string stateName, KeyRange? range = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        StateColumns columns = snapshot.Columns(operatorId, stateName);
        if (columns.Form is not (RowForm.Timer or RowForm.TimerSet)) throw Other(operatorId, stateName, $"is a {columns.Schema.Kind}, no timer");
        Codec<TKey> keys = KeysOf<TKey>(columns.Schema);
        Codec<Timestamp> subs = Codec.OfKey<Timestamp>();
        Codec<(Timestamp Deadline, long Sequence)> values = Codec.Of<(Timestamp Deadline, long Sequence)>();
        bool isSet = columns.Form == RowForm.TimerSet;
        return ReadAsync(
            snapshot, operatorId, stateName, range, (in row) => new KeyValue<TKey, Timestamp>(keys.Decode(row.Key), isSet ? subs.Decode(row.Sub) : values.Decode(row.Value).Deadline), cancellationToken);
    }

    static async IAsyncEnumerable<T> ReadAsync<T>(
        StateSnapshot snapshot, string operatorId, string stateName, KeyRange? range, DecodeRow<T> decode, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using LivingRows rows = await LivingRows.OpenAsync(snapshot.Reader, operatorId, stateName, range ?? KeyRange.Full, key: null, keepsExpired: false, tally: null, cancellationToken).ConfigureAwait(false);
        while (await rows.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            while (rows.MoveNext()) yield return Decode(rows.Row, decode, snapshot.Reader.Key, operatorId, stateName);
        }
    }

    static T Decode<T>(in RunRow row, DecodeRow<T> decode, string source, string operatorId, string stateName)
    {
        try
        {
            return decode(row);
        }
        catch (CorruptDataException e)
        {
            throw new SnapshotCorruptException(source, $"a row of state '{stateName}' of operator '{operatorId}' with the hash {row.Hash:x8} is not what its schema says: {e.Message}", e);
        }
    }

    static StateSchema Require(StateSnapshot snapshot, string operatorId, string stateName, string? kind)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        StateSchema schema = snapshot.Reader.State(operatorId, stateName).Schema;
        if (schema.Layout != StateLayout.Keyed || schema.Key is null) throw Other(operatorId, stateName, $"is a {schema.Kind} without keys");
        if (kind is not null && schema.Kind != kind) throw Other(operatorId, stateName, $"is a {schema.Kind}, no {kind}");
        if (kind is null && schema.Sub is not null) throw Other(operatorId, stateName, $"is a {schema.Kind}, which has not one value per key");
        return schema;
    }

    static Codec<TKey> KeysOf<TKey>(StateSchema schema) => Codec.OfKey<TKey>().ReadingFrom(schema.Key!, SchemaUse.Key);

    static ArgumentException Other(string operatorId, string stateName, string why) => new($"State '{stateName}' of operator '{operatorId}' {why}.", nameof(stateName));

    static List<T> InOrder<T>(List<(int Number, List<T> Elements)> parts) => [.. parts.OrderBy(static p => p.Number < 0 ? int.MaxValue : p.Number).SelectMany(static p => p.Elements)];
}

/// <summary>Reads a row.</summary>
delegate T DecodeRow<T>(in RunRow row);
