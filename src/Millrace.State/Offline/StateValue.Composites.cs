using System.Text.Json;

namespace Millrace.State.Offline;

/// <content>Values that have parts.</content>
public abstract partial class StateValue
{
    /// <summary>A list or set.</summary>
    public sealed class List : StateValue
    {
        /// <summary>Makes a list or set.</summary>
        /// <param name="items">The elements; must not change afterwards.</param>
        /// <param name="isSet">Whether their order means nothing.</param>
        public List(IReadOnlyList<StateValue> items, bool isSet = false)
        {
            Items = items;
            IsSet = isSet;
        }

        /// <summary>The elements, in order.</summary>
        public IReadOnlyList<StateValue> Items { get; }

        /// <summary>Whether their order means nothing.</summary>
        public bool IsSet { get; }

        /// <inheritdoc/>
        public override void WriteTo(Utf8JsonWriter json)
        {
            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            json.WriteStartArray();
            foreach (StateValue item in Items) item.WriteTo(json);
            json.WriteEndArray();
        }

        /// <inheritdoc/>
        public override bool Equals(StateValue? other) => other is List list && Items.Count == list.Items.Count
            && (IsSet ? InOrder(Items).SequenceEqual(InOrder(list.Items), StringComparer.Ordinal) : Items.SequenceEqual(list.Items));

        static IEnumerable<string> InOrder(IReadOnlyList<StateValue> items) => items.Select(static i => i.ToJson()).Order(StringComparer.Ordinal);
    }

    /// <summary>Pairs with different keys.</summary>
    public sealed class Map : StateValue
    {
        /// <summary>Makes a map.</summary>
        /// <param name="entries">Its entries; must not change afterwards.</param>
        public Map(IReadOnlyList<KeyValuePair<StateValue, StateValue>> entries) => Entries = entries;

        /// <summary>The entries, in the order in which they are stored, which means nothing.</summary>
        public IReadOnlyList<KeyValuePair<StateValue, StateValue>> Entries { get; }

        /// <summary>An object where every key is plain text, otherwise an array of <c>{"key": …, "value": …}</c>.</summary>
        /// <param name="json">Borrowed.</param>
        public override void WriteTo(Utf8JsonWriter json)
        {
            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            if (Entries.All(static e => TryText(e.Key, out _))) WriteObject(json);
            else WriteArray(json);
        }

        void WriteObject(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            foreach ((StateValue key, StateValue value) in Entries)
            {
                json.WritePropertyName(key.ToString());
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        void WriteArray(Utf8JsonWriter json)
        {
            json.WriteStartArray();
            foreach ((StateValue key, StateValue value) in Entries)
            {
                json.WriteStartObject();
                json.WritePropertyName("key"u8);
                key.WriteTo(json);
                json.WritePropertyName("value"u8);
                value.WriteTo(json);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        /// <inheritdoc/>
        public override bool Equals(StateValue? other) => other is Map map && Entries.Count == map.Entries.Count
            && InOrder(Entries).SequenceEqual(InOrder(map.Entries), StringComparer.Ordinal);

        static IEnumerable<string> InOrder(IReadOnlyList<KeyValuePair<StateValue, StateValue>> entries) =>
            entries.Select(static e => $"{e.Key.ToJson()} {e.Value.ToJson()}").Order(StringComparer.Ordinal);
    }

    /// <summary>A row: a record, class, struct, tuple, or one case of a closed hierarchy.</summary>
    public sealed class Row : StateValue
    {
        /// <summary>In JSON, the name of the member that says which case of a closed hierarchy a row is.</summary>
        public const string CaseMember = "$case";

        readonly RowNames _names;
        readonly StateValue[] _values;

        internal Row(RowNames names, StateValue[] values)
        {
            _names = names;
            _values = values;
        }

        /// <summary>The names of the members, in the order of the schema; those of tuples are <c>Item1</c> ….</summary>
        public IReadOnlyList<string> Names => _names.Members;

        /// <summary>The members, in the same order.</summary>
        public IReadOnlyList<StateValue> Values => _values;

        /// <summary>Which case of a closed hierarchy it is; null when it is none.</summary>
        public string? Case => _names.Case;

        /// <summary>Whether it is a tuple, whose members have no names of their own.</summary>
        public bool IsTuple => _names.IsTuple;

        /// <summary>A member.</summary>
        /// <param name="name">Its name.</param>
        /// <exception cref="ArgumentException">There is none of the name; the message lists those there are.</exception>
        public StateValue this[string name] => _values[IndexOf(name)];

        /// <summary>The same row with another value of one member.</summary>
        /// <param name="name">The member.</param>
        /// <param name="value">Its value.</param>
        /// <exception cref="ArgumentException">There is none of the name; the message lists those there are.</exception>
        public Row With(string name, StateValue value)
        {
            StateValue[] values = [.. _values];
            values[IndexOf(name)] = value;
            return new(_names, values);
        }

        /// <inheritdoc/>
        public override void WriteTo(Utf8JsonWriter json)
        {
            System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
            if (IsTuple) json.WriteStartArray();
            else json.WriteStartObject();
            if (Case is not null) json.WriteString(CaseMember, Case);
            for (int i = 0; i < _values.Length; i++)
            {
                if (!IsTuple) json.WritePropertyName(_names.Encoded[i]);
                _values[i].WriteTo(json);
            }

            if (IsTuple) json.WriteEndArray();
            else json.WriteEndObject();
        }

        /// <inheritdoc/>
        public override bool Equals(StateValue? other)
        {
            if (other is not Row row || Case != row.Case || _values.Length != row._values.Length) return false;
            for (int i = 0; i < _values.Length; i++)
            {
                int there = ReferenceEquals(_names, row._names) ? i : row._names.IndexOf(_names.Members[i]);
                if (there < 0 || !_values[i].Equals(row._values[there])) return false;
            }

            return true;
        }

        int IndexOf(string name) => _names.IndexOf(name) is >= 0 and var index
            ? index
            : throw new ArgumentException($"There is no member '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
    }
}

/// <summary>What rows of one type share: the names of their members.</summary>
/// <param name="members">In the order of their bytes.</param>
/// <param name="name">The case of a closed hierarchy; null for none.</param>
/// <param name="isTuple">Whether the names are only positions.</param>
sealed class RowNames(string[] members, string? name, bool isTuple)
{
    public string[] Members => members;

    public JsonEncodedText[] Encoded { get; } =
        [.. members.Select(static m => JsonEncodedText.Encode(m, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping))];

    public string? Case => name;

    public bool IsTuple => isTuple;

    public int IndexOf(string member) => Array.IndexOf(members, member);
}
