using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Offline;

/// <summary>Which function declares a state with one value per key.</summary>
public enum ValueStateKind
{
    /// <summary><c>state.Value</c>.</summary>
    Value,

    /// <summary><c>state.Reducing</c>.</summary>
    Reducing,

    /// <summary><c>state.Aggregating</c>; the values are accumulators.</summary>
    Aggregating,

    /// <summary>The verbs <c>Reduce</c>, <c>Aggregate</c> … of a keyed stream; the name of the state is <see cref="SavepointBuilder.FoldState"/>.</summary>
    Fold,
}

/// <summary>Which function declares a timer.</summary>
public enum TimerStateKind
{
    /// <summary><c>state.EventTimer</c>: at most one deadline per key.</summary>
    EventTimer,

    /// <summary><c>state.ProcessingTimer</c>: at most one deadline per key.</summary>
    ProcessingTimer,

    /// <summary><c>state.EventTimerSet</c>.</summary>
    EventTimerSet,

    /// <summary><c>state.ProcessingTimerSet</c>.</summary>
    ProcessingTimerSet,
}

/// <content>State that is made anew. The types are those that the job declares.</content>
public sealed partial class SavepointBuilder
{
    /// <summary>The name of the state that folding verbs have.</summary>
    public const string FoldState = "state";

    /// <summary>Adds a state with one value per key.</summary>
    /// <param name="operatorId">The operator, as the job calls it.</param>
    /// <param name="stateName">The name of the state, as the job declares it.</param>
    /// <param name="rows">The keys with their values, in any order, each key once.</param>
    /// <param name="kind">Which function declares it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    /// <exception cref="SavepointRowException">A key is null or was given twice.</exception>
    /// <exception cref="UnencodableValueException">A value cannot be stored.</exception>
    /// <exception cref="ArgumentException">The savepoint has the state already.</exception>
    public async ValueTask AddValuesAsync<TKey, TValue>(
        string operatorId, string stateName, IAsyncEnumerable<KeyValue<TKey, TValue>> rows, ValueStateKind kind = ValueStateKind.Value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Codec<TValue> values = Codec.Of<TValue>();
        using TypedRows<TKey> typed = Begin<TKey>(operatorId, stateName, KindOf(kind), null, values.Schema);
        await foreach ((TKey key, TValue value) in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            typed.Begin(key);
            typed.Value(values, value);
            await typed.AddAsync(cancellationToken).ConfigureAwait(false);
        }

        await typed.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a state with a list per key (<c>state.List</c>). A key without elements is left out.</summary>
    /// <param name="operatorId">The operator, as the job calls it.</param>
    /// <param name="stateName">The name of the state, as the job declares it.</param>
    /// <param name="rows">The keys with their whole lists, in any order, each key once.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <inheritdoc cref="AddValuesAsync" path="/exception"/>
    public async ValueTask AddListsAsync<TKey, T>(
        string operatorId, string stateName, IAsyncEnumerable<KeyValue<TKey, IReadOnlyList<T>>> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        const int tailNumber = -1, size = TableLimits.ListChunkElements;
        Codec<int> numbers = Codec.OfKey<int>();
        Codec<List<T>> chunks = Codec.Of<List<T>>();
        using TypedRows<TKey> typed = Begin<TKey>(operatorId, stateName, "list", numbers.Schema, chunks.Schema);
        await foreach ((TKey key, IReadOnlyList<T> elements) in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            int full = elements.Count / size;
            for (int chunk = 0; elements.Count > 0 && chunk <= full; chunk++)
            {
                typed.Begin(key);
                typed.Sub(numbers, chunk == full ? tailNumber : chunk);
                typed.Value(chunks, [.. elements.Skip(chunk * size).Take(size)]);
                await typed.AddAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await typed.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a state with a map per key (<c>state.Map</c>).</summary>
    /// <param name="operatorId">The operator, as the job calls it.</param>
    /// <param name="stateName">The name of the state, as the job declares it.</param>
    /// <param name="entries">The entries of all maps, each key of a map once. Entries of one map keep their order; those of several may be mixed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <inheritdoc cref="AddValuesAsync" path="/exception"/>
    public async ValueTask AddMapEntriesAsync<TKey, TMapKey, TValue>(
        string operatorId, string stateName, IAsyncEnumerable<(TKey Key, TMapKey MapKey, TValue Value)> entries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Codec<TMapKey> mapKeys = Codec.OfKey<TMapKey>();
        Codec<(long Order, TValue Value)> values = Codec.Of<(long Order, TValue Value)>();
        using TypedRows<TKey> typed = Begin<TKey>(operatorId, stateName, "map", mapKeys.Schema, values.Schema);
        long order = 0;
        await foreach ((TKey key, TMapKey mapKey, TValue value) in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (mapKey is null) throw new SavepointRowException($"A key of a map in state '{stateName}' of operator '{operatorId}' is null.");
            typed.Begin(key);
            typed.Sub(mapKeys, mapKey);
            typed.Value(values, (order++, value));
            await typed.AddAsync(cancellationToken).ConfigureAwait(false);
        }

        await typed.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds timers.</summary>
    /// <param name="operatorId">The operator, as the job calls it.</param>
    /// <param name="timerName">The name of the timer, as the job declares it.</param>
    /// <param name="deadlines">The keys with their deadlines, in the order in which equal ones fire. A set may have several of a key.</param>
    /// <param name="kind">Which function declares it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <inheritdoc cref="AddValuesAsync" path="/exception"/>
    public async ValueTask AddTimersAsync<TKey>(
        string operatorId, string timerName, IAsyncEnumerable<KeyValue<TKey, Timestamp>> deadlines, TimerStateKind kind, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deadlines);
        bool isSet = kind is TimerStateKind.EventTimerSet or TimerStateKind.ProcessingTimerSet;
        Codec<Timestamp> subs = Codec.OfKey<Timestamp>();
        Codec<long> sequences = Codec.Of<long>();
        Codec<(Timestamp Deadline, long Sequence)> values = Codec.Of<(Timestamp Deadline, long Sequence)>();
        using TypedRows<TKey> typed = Begin<TKey>(operatorId, timerName, KindOf(kind), isSet ? subs.Schema : null, isSet ? sequences.Schema : values.Schema);
        long sequence = 0;
        await foreach ((TKey key, Timestamp deadline) in deadlines.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (deadline.IsNone) throw new SavepointRowException($"The timer '{timerName}' of operator '{operatorId}' is set to {nameof(Timestamp)}.{nameof(Timestamp.None)} for the key {key}.");
            typed.Begin(key);
            if (isSet) typed.Sub(subs, deadline);
            if (isSet) typed.Value(sequences, sequence++);
            else typed.Value(values, (deadline, sequence++));
            await typed.AddAsync(cancellationToken).ConfigureAwait(false);
        }

        await typed.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    TypedRows<TKey> Begin<TKey>(string operatorId, string stateName, string kind, TypeSchema? sub, TypeSchema value)
    {
        ArgumentException.ThrowIfNullOrEmpty(stateName);
        StateSchema schema = new() { Name = stateName, Layout = StateLayout.Keyed, Kind = kind, Key = Codec.OfKey<TKey>().Schema, Sub = sub, Value = value };
        return new(Begin(operatorId, schema), $"state '{stateName}' of operator '{operatorId}'");
    }

    static string KindOf(ValueStateKind kind) => kind switch
    {
        ValueStateKind.Value => "value",
        ValueStateKind.Reducing => "reducing",
        ValueStateKind.Aggregating => "aggregating",
        ValueStateKind.Fold => "fold",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of state."),
    };

    static string KindOf(TimerStateKind kind) => kind switch
    {
        TimerStateKind.EventTimer => "event-timer",
        TimerStateKind.ProcessingTimer => "processing-timer",
        TimerStateKind.EventTimerSet => "event-timer-set",
        TimerStateKind.ProcessingTimerSet => "processing-timer-set",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of timer."),
    };
}

/// <summary>Encodes rows one by one and gives them to be sorted. Used by one thread.</summary>
/// <param name="sorter">Owned.</param>
/// <param name="place">The operator and state in words, for errors.</param>
sealed class TypedRows<TKey>(RowSorter sorter, string place) : IDisposable
{
    readonly Codec<TKey> _keys = Codec.OfKey<TKey>();
    readonly IKeyType<TKey> _type = KeyTypes.Of<TKey>();
    readonly ByteBuffer _key = new(), _sub = new(), _value = new();
    uint _hash;

    public void Begin(TKey key)
    {
        if (key is null) throw new SavepointRowException($"A key of {place} is null.");
        _hash = _type.Hash(key);
        Write(_key, _keys, key);
        _sub.Clear();
    }

    public void Sub<T>(Codec<T> codec, T value) => Write(_sub, codec, value);

    public void Value<T>(Codec<T> codec, T value) => Write(_value, codec, value);

    public ValueTask AddAsync(CancellationToken cancellationToken)
    {
        sorter.Add(_hash, _key.Written, _sub.Written, _value.Written);
        return sorter.IsFull ? sorter.SpillAsync(cancellationToken) : default;
    }

    public ValueTask EndAsync(CancellationToken cancellationToken) => sorter.EndAsync(cancellationToken);

    public void Dispose()
    {
        sorter.Dispose();
        _key.Dispose();
        _sub.Dispose();
        _value.Dispose();
    }

    static void Write<T>(ByteBuffer buffer, Codec<T> codec, T value)
    {
        buffer.Clear();
        CodecWriter writer = new(buffer);
        codec.Write(ref writer, value);
        writer.Flush();
    }
}
