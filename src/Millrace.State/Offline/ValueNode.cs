using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>A type of a schema with everything it mentions found: reads, writes, hashes and understands its values. Immutable once built.</summary>
abstract class ValueNode
{
    /// <summary>The type in words, for errors.</summary>
    public abstract string Text { get; }

    /// <summary>The type without marks of absence and of recursion.</summary>
    public virtual ValueNode Core => this;

    /// <summary>Reads a value.</summary>
    /// <exception cref="CorruptDataException">The bytes are no value of the type.</exception>
    public abstract StateValue Read(ref CodecReader reader);

    /// <summary>Writes a value.</summary>
    /// <param name="writer">Receives the bytes.</param>
    /// <param name="value">The value.</param>
    /// <param name="asKey">Whether scalars are brought into the form that equal keys share.</param>
    /// <exception cref="UnencodableValueException">It is no value of the type.</exception>
    public abstract void Write(ref CodecWriter writer, StateValue value, bool asKey);

    /// <summary>The canonical word of a key.</summary>
    /// <exception cref="UnencodableValueException">It is no key.</exception>
    public virtual ulong WordOf(StateValue key) => throw new UnencodableValueException($"A value of type {Text} cannot be part of a key.");

    /// <summary>Understands JSON.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="path">Where it is, for errors.</param>
    /// <exception cref="FormatException">It is no value of the type; the message names the place.</exception>
    public abstract StateValue Parse(JsonElement json, string path);

    protected UnencodableValueException Misfit(StateValue value) => new($"{Shown(value)} is where a value of type {Text} belongs.");

    protected FormatException Wrong(string path, JsonElement json) => new($"{path} is {Shown(json.GetRawText())}, which is not a value of type {Text}");

    static string Shown(StateValue value) => value.IsAbsent ? "Nothing" : Shown(value.ToJson());

    static string Shown(string json) => json.Length <= 60 ? json : json[..60] + "…";
}

/// <summary>A scalar.</summary>
sealed class ScalarNode(ScalarForm form) : ValueNode
{
    public ScalarForm Form => form;

    public override string Text => form.Name;

    public override StateValue Read(ref CodecReader reader) => form.Read(ref reader);

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        if (value is StateValue.Scalar scalar) form.Write(ref writer, scalar.Value, asKey);
        else if (value.IsAbsent) form.Write(ref writer, null, asKey);
        else throw Misfit(value);
    }

    public override ulong WordOf(StateValue key)
    {
        if (!form.IsKey) return base.WordOf(key);
        if (key.IsAbsent) return KeyHash.NullWord;
        return key is StateValue.Scalar scalar && scalar.Value.GetType() == form.Type ? form.WordOf(scalar.Value) : throw Misfit(key);
    }

    public override StateValue Parse(JsonElement json, string path)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Null when form.Name is "string" or "bytes":
                return StateValue.Absent;
            case JsonValueKind.String when form.Shape != JsonShape.Boolean:
                return Parse(JsonText.Read(json), path);
            case JsonValueKind.Number when form.Shape == JsonShape.Number || form.Name is "int128" or "uint128" or "biginteger":
            case JsonValueKind.True or JsonValueKind.False when form.Shape == JsonShape.Boolean:
                return Parse(json.GetRawText(), path);
            default:
                throw Wrong(path, json);
        }
    }

    StateValue Parse(string text, string path)
    {
        try
        {
            return form.Parse(text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{path}: {e.Message}", e);
        }
    }
}
