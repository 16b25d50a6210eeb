using System.Globalization;
using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>An enumeration: its names with their numbers, and numbers without a name.</summary>
sealed class EnumerationNode : ValueNode
{
    readonly string _name;
    readonly ScalarForm _underlying;
    readonly Dictionary<Int128, StateValue.Enumeration> _byNumber = [];
    readonly Dictionary<string, Int128> _byName = new(StringComparer.Ordinal);

    /// <exception cref="CorruptDataException">The definition is none of an enumeration.</exception>
    public EnumerationNode(SchemaDefinition.Enumeration definition)
    {
        _name = definition.Name;
        _underlying = ScalarForm.OfName(definition.Underlying) is { } form && NumberAs(form, 0) is not null
            ? form
            : throw new CorruptDataException($"The numbers of {_name} are of the unknown type '{definition.Underlying}'.", 0);
        foreach (SchemaEnumValue value in definition.Values)
        {
            if (!TryNumber(value.Number, out Int128 number)) throw new CorruptDataException($"The number of {_name}.{value.Name} is '{value.Number}'.", 0);
            _byNumber.TryAdd(number, new(value.Name, number));
            _byName.TryAdd(value.Name, number);
        }
    }

    public override string Text => _name;

    /// <summary>Its names.</summary>
    public IEnumerable<string> Names => _byName.Keys;

    public override StateValue Read(ref CodecReader reader) => ValueOf(NumberOf(((StateValue.Scalar)_underlying.Read(ref reader)).Value));

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey) => _underlying.Write(ref writer, Underlying(value), asKey);

    public override ulong WordOf(StateValue key) => key.IsAbsent ? KeyHash.NullWord : _underlying.WordOf(Underlying(key));

    public override StateValue Parse(JsonElement json, string path)
    {
        if (json.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)) throw Wrong(path, json);
        string text = json.ValueKind == JsonValueKind.String ? JsonText.Read(json) : json.GetRawText();
        return TryParse(text) ?? throw new FormatException($"{path}: '{text}' is not one of {string.Join(", ", Names)}, nor a number of {_name}");
    }

    /// <summary>The value of a name or number; null when there is none.</summary>
    public StateValue? TryParse(string text) =>
        (_byName.TryGetValue(text, out Int128 number) || TryNumber(text, out number)) && NumberAs(_underlying, number) is not null ? ValueOf(number) : null;

    StateValue.Enumeration ValueOf(Int128 number) => _byNumber.GetValueOrDefault(number) ?? new(null, number);

    // By name where there is one: the numbers of another schema may be others.
    object Underlying(StateValue value)
    {
        if (value is not StateValue.Enumeration known) throw Misfit(value);
        Int128 number = known.Name is { } name && _byName.TryGetValue(name, out Int128 own) ? own : known.Number;
        return NumberAs(_underlying, number) ?? throw Misfit(value);
    }

    static bool TryNumber(string text, out Int128 number) => Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    static Int128 NumberOf(object value) => value switch
    {
        sbyte number => number,
        byte number => number,
        short number => number,
        ushort number => number,
        int number => number,
        uint number => number,
        long number => number,
        ulong number => number,
        _ => throw new System.Diagnostics.UnreachableException($"{value.GetType()} was refused as the type of an enumeration"),
    };

    /// <summary>A number as the underlying type has it; null when it does not fit, or when no enumeration has the type.</summary>
    static object? NumberAs(ScalarForm form, Int128 number) => form.Name switch
    {
        "int8" when number >= sbyte.MinValue && number <= sbyte.MaxValue => (sbyte)number,
        "uint8" when number >= 0 && number <= byte.MaxValue => (byte)number,
        "int16" when number >= short.MinValue && number <= short.MaxValue => (short)number,
        "uint16" when number >= 0 && number <= ushort.MaxValue => (ushort)number,
        "int32" when number >= int.MinValue && number <= int.MaxValue => (int)number,
        "uint32" when number >= 0 && number <= uint.MaxValue => (uint)number,
        "int64" when number >= long.MinValue && number <= long.MaxValue => (long)number,
        "uint64" when number >= 0 && number <= ulong.MaxValue => (ulong)number,
        _ => null,
    };
}
