using System.Globalization;
using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>What a scalar is in JSON.</summary>
enum JsonShape
{
    /// <summary>A number; a text where it is none, as NaN is not.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>True or false.</summary>
    Boolean,
}

/// <summary>Reads a scalar. Null where the encoding has a mark for it.</summary>
delegate T? ReadScalar<T>(ref CodecReader reader);

/// <summary>Writes a scalar.</summary>
delegate void WriteScalar<T>(ref CodecWriter writer, T value);

/// <summary>How a scalar of a schema is read, written, hashed, shown and understood. Immutable.</summary>
abstract class ScalarForm(string name, JsonShape shape)
{
    /// <summary>Its name in schemas.</summary>
    public string Name => name;

    public JsonShape Shape => shape;

    public abstract Type Type { get; }

    /// <summary>Whether values can be put in an order.</summary>
    public abstract bool IsOrdered { get; }

    /// <summary>The form of a schema's scalar; null when there is none of the name.</summary>
    public static ScalarForm? OfName(string name) => ScalarForms.ByName.GetValueOrDefault(name);

    /// <summary>The form of a type's values; null when it is no scalar.</summary>
    public static ScalarForm? OfType(Type type) => ScalarForms.ByType.GetValueOrDefault(type);

    /// <exception cref="CorruptDataException">The bytes are no such value.</exception>
    public abstract StateValue Read(ref CodecReader reader);

    /// <param name="writer">Receives the bytes.</param>
    /// <param name="value">Null for absent.</param>
    /// <param name="asKey">Whether to bring it into the form that equal keys share.</param>
    /// <exception cref="UnencodableValueException">It is absent and the form has no mark for that, or of another type.</exception>
    public abstract void Write(ref CodecWriter writer, object? value, bool asKey);

    /// <summary>The canonical word of a key; <see cref="Invariant"/> holds that <see cref="IsKey"/> was asked.</summary>
    public abstract ulong WordOf(object value);

    /// <summary>Whether values can be keys.</summary>
    public abstract bool IsKey { get; }

    /// <exception cref="FormatException">The text is no such value.</exception>
    public abstract StateValue Parse(string text);

    public abstract string TextOf(object value);

    public abstract void WriteJson(Utf8JsonWriter json, object value);

    public abstract bool AreEqual(object left, object right);

    public abstract int Compare(object left, object right);
}

/// <summary>The form of one type.</summary>
/// <param name="name">Its name in schemas.</param>
/// <param name="shape">What it is in JSON.</param>
/// <param name="read">Reads one.</param>
/// <param name="write">Writes one.</param>
/// <param name="parse">Understands what <paramref name="text"/> says.</param>
/// <param name="text">Says it.</param>
sealed class ScalarForm<T>(string name, JsonShape shape, ReadScalar<T> read, WriteScalar<T> write, Func<string, T> parse, Func<T, string> text)
    : ScalarForm(name, shape)
    where T : notnull
{
    /// <summary>The word of a key; null when there are no keys of the type.</summary>
    public Func<T, ulong>? Word { get; init; }

    /// <summary>The form that equal keys share; null when each value has one.</summary>
    public Func<T, T>? Canonical { get; init; }

    /// <summary>The value absent is written as; none where absent cannot be written.</summary>
    public bool HasAbsent { get; init; }

    public Func<T, T, bool>? Same { get; init; }

    public override Type Type => typeof(T);

    public override bool IsOrdered => typeof(T).IsAssignableTo(typeof(IComparable<T>));

    public override bool IsKey => Word is not null;

    public override StateValue Read(ref CodecReader reader) => read(ref reader) is { } value ? new StateValue.Scalar(this, value) : StateValue.Absent;

    public override void Write(ref CodecWriter writer, object? value, bool asKey)
    {
        if (value is T some) write(ref writer, asKey && Canonical is not null ? Canonical(some) : some);
        else if (value is null && HasAbsent) writer.WriteCount(-1);
        else throw new UnencodableValueException(value is null ? $"A value of type {Name} is absent, and cannot be." : $"A {TypeName.Of(value.GetType())} is where a value of type {Name} belongs.");
    }

    public override ulong WordOf(object value) => Word!((T)value);

    public override StateValue Parse(string given)
    {
        try
        {
            return new StateValue.Scalar(this, parse(given));
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException($"'{given}' is not a value of type {Name}", e);
        }
    }

    public override string TextOf(object value) => text((T)value);

    public override void WriteJson(Utf8JsonWriter json, object value)
    {
        if (Shape == JsonShape.Boolean) json.WriteBooleanValue((bool)value);
        else if (Shape == JsonShape.Text) JsonText.Write(json, text((T)value));
        else WriteNumber(json, (T)value);
    }

    public override bool AreEqual(object left, object right) => left is T a && right is T b && (Same is null ? EqualityComparer<T>.Default.Equals(a, b) : Same(a, b));

    public override int Compare(object left, object right) => typeof(T) == typeof(string)
        ? string.CompareOrdinal((string)left, (string)right)
        : Comparer<T>.Default.Compare((T)left, (T)right);

    void WriteNumber(Utf8JsonWriter json, T value)
    {
        const int bytesMax = 64;
        Span<byte> bytes = stackalloc byte[bytesMax];
        bool fits = value is IUtf8SpanFormattable;
        if (fits && ((IUtf8SpanFormattable)value).TryFormat(bytes, out int length, default, CultureInfo.InvariantCulture) && bytes[length - 1] is >= (byte)'0' and <= (byte)'9')
            json.WriteRawValue(bytes[..length], skipInputValidation: true);
        else JsonText.Write(json, text(value));
    }
}
