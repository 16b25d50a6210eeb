using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.State.Offline;

/// <summary>
/// A value of stored state without its type: read by the schema that was stored with it (<see cref="ValueSchema"/>). One of
/// <see cref="Nothing"/>, <see cref="Scalar"/>, <see cref="Enumeration"/>, <see cref="List"/>, <see cref="Map"/> and <see cref="Row"/>.
/// Immutable and thread-safe. Values are equal when they show the same: sets and maps in any order, the members of rows by name.
/// </summary>
public abstract partial class StateValue : IEquatable<StateValue>
{
    static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = int.MaxValue, SkipValidation = true };

    private protected StateValue()
    {
    }

    /// <summary>The value that is not there: null.</summary>
    public static StateValue Absent { get; } = new Nothing();

    /// <summary>Whether this is <see cref="Absent"/>.</summary>
    public bool IsAbsent => this is Nothing;

    /// <summary>Writes the value as JSON: rows as objects, tuples and sets as arrays, times as ISO 8601, bytes as base64.</summary>
    /// <param name="json">Borrowed. Its depth is not limited here.</param>
    public abstract void WriteTo(Utf8JsonWriter json);

    /// <summary>The value as JSON in one line.</summary>
    public string ToJson()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, s_json)) WriteTo(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The value for a cell of a table: scalars as plain text, everything else as JSON.</summary>
    public override string ToString() => ToJson();

    /// <inheritdoc/>
    public abstract bool Equals(StateValue? other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StateValue);

    /// <summary>Of the kind of value only: values are compared far more often than they are looked up.</summary>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(GetType().Name);

    /// <summary>Options of a JSON writer that writes values of any depth.</summary>
    internal static JsonWriterOptions JsonOptions => s_json;

    /// <summary>What is not there.</summary>
    public sealed class Nothing : StateValue
    {
        internal Nothing()
        {
        }

        /// <inheritdoc/>
        public override void WriteTo(Utf8JsonWriter json) => json.WriteNullValue();

        /// <inheritdoc/>
        public override string ToString() => "null";

        /// <inheritdoc/>
        public override bool Equals(StateValue? other) => other is Nothing;
    }

    /// <summary>A number, text, time or another value without parts.</summary>
    public sealed class Scalar : StateValue
    {
        internal Scalar(ScalarForm form, object value)
        {
            Form = form;
            Value = value;
        }

        /// <summary>The value as the .NET type that <c>docs/FORMATS.md</c> names: <see cref="int"/>, <see cref="string"/>, <see cref="Timestamp"/> ….</summary>
        public object Value { get; }

        internal ScalarForm Form { get; }

        /// <summary>Makes a scalar.</summary>
        /// <param name="value">Of a scalar type of <c>docs/FORMATS.md</c>, section "Row encoding".</param>
        /// <exception cref="ArgumentException">The type of the value is none of them.</exception>
        public static Scalar Of(object value)
        {
            ArgumentNullException.ThrowIfNull(value);
            return ScalarForm.OfType(value.GetType()) is { } form
                ? new(form, value)
                : throw new ArgumentException($"{TypeName.Of(value.GetType())} is not a scalar of state; docs/FORMATS.md, section \"Row encoding\", lists them.", nameof(value));
        }

        /// <inheritdoc/>
        public override void WriteTo(Utf8JsonWriter json) => Form.WriteJson(json, Value);

        /// <inheritdoc/>
        public override string ToString() => Form.TextOf(Value);

        /// <inheritdoc/>
        public override bool Equals(StateValue? other) => other is Scalar scalar
            && (Form == scalar.Form ? Form.AreEqual(Value, scalar.Value) : Form.Shape == scalar.Form.Shape && ToString() == scalar.ToString());
    }

    /// <summary>A value of an enumeration.</summary>
    public sealed class Enumeration : StateValue
    {
        internal Enumeration(string? name, Int128 number)
        {
            Name = name;
            Number = number;
        }

        /// <summary>Its name; null when the writer had no name for the number.</summary>
        public string? Name { get; }

        /// <summary>Its number.</summary>
        public Int128 Number { get; }

        /// <inheritdoc/>
        public override void WriteTo(Utf8JsonWriter json)
        {
            if (Name is not null) json.WriteStringValue(Name);
            else json.WriteRawValue(ToString());
        }

        /// <inheritdoc/>
        public override string ToString() => Name ?? Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

        /// <inheritdoc/>
        public override bool Equals(StateValue? other) => other is Enumeration same && (Name is not null && same.Name is not null ? Name == same.Name : Number == same.Number);
    }

    static bool TryText(StateValue value, [NotNullWhen(true)] out string? text)
    {
        text = value is Scalar or Enumeration ? value.ToString() : null;
        return text is not null && JsonText.IsWellFormed(text);
    }
}
