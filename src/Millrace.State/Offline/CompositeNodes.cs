using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>A value that may be absent: a presence byte, or in a row a presence bit, then the value.</summary>
sealed class OptionalNode(ValueNode inner) : ValueNode
{
    public ValueNode Inner => inner;

    public override ValueNode Core => inner.Core;

    public override string Text => $"{inner.Text}?";

    public override StateValue Read(ref CodecReader reader) => reader.ReadBoolean() ? inner.Read(ref reader) : StateValue.Absent;

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        writer.Write(!value.IsAbsent);
        if (!value.IsAbsent) inner.Write(ref writer, value, asKey);
    }

    public override ulong WordOf(StateValue key) => key.IsAbsent ? KeyHash.NullWord : inner.WordOf(key);

    public override StateValue Parse(JsonElement json, string path) => json.ValueKind == JsonValueKind.Null ? StateValue.Absent : inner.Parse(json, path);
}

/// <summary>Stands for a named type within itself, and so counts how deep its values nest.</summary>
sealed class RecursiveNode(string name) : ValueNode
{
    const string TooDeep = "The value nests deeper than can be read here.";

    ValueNode? _target;

    public override ValueNode Core => Target.Core;

    public override string Text => name;

    ValueNode Target => _target ?? throw new System.Diagnostics.UnreachableException($"{name} is used before it is built");

    public void Resolve(ValueNode target) => _target = target;

    public override StateValue Read(ref CodecReader reader)
    {
        reader.Enter();
        // The bound on depth is on levels of the type; how much stack a level takes is up to the schema.
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) reader.Fail(TooDeep);
        StateValue value = Target.Read(ref reader);
        reader.Leave();
        return value;
    }

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        writer.Enter();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new UnencodableValueException(TooDeep);
        Target.Write(ref writer, value, asKey);
        writer.Leave();
    }

    public override StateValue Parse(JsonElement json, string path)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw new FormatException($"{path} nests too deep");
        return Target.Parse(json, path);
    }
}

/// <summary>A list or set: a count, then the elements.</summary>
sealed class ListNode(ValueNode element, bool isSet) : ValueNode
{
    public ValueNode Element => element;

    public override string Text => isSet ? $"set<{element.Text}>" : $"list<{element.Text}>";

    public override StateValue Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) return StateValue.Absent;
        List<StateValue> items = new(Math.Min(count, CodecLimits.PreallocatedElementsMax));
        for (int i = 0; i < count; i++) items.Add(element.Read(ref reader));
        return new StateValue.List(items, isSet);
    }

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        if (value is not (StateValue.List or StateValue.Nothing)) throw Misfit(value);
        writer.WriteCount(value is StateValue.List list ? list.Items.Count : -1);
        foreach (StateValue item in (value as StateValue.List)?.Items ?? []) element.Write(ref writer, item, asKey);
    }

    public override StateValue Parse(JsonElement json, string path)
    {
        if (json.ValueKind == JsonValueKind.Null) return StateValue.Absent;
        if (json.ValueKind != JsonValueKind.Array) throw Wrong(path, json);
        return new StateValue.List([.. json.EnumerateArray().Select((item, i) => element.Parse(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))], isSet);
    }
}

/// <summary>A map: a count, then key, value, key, value.</summary>
sealed class MapNode(ValueNode key, ValueNode value) : ValueNode
{
    public ValueNode Key => key;

    public ValueNode Value => value;

    public override string Text => $"map<{key.Text}, {value.Text}>";

    public override StateValue Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) return StateValue.Absent;
        List<KeyValuePair<StateValue, StateValue>> entries = new(Math.Min(count, CodecLimits.PreallocatedElementsMax));
        for (int i = 0; i < count; i++)
        {
            StateValue name = key.Read(ref reader);
            if (name.IsAbsent) reader.Fail("A key of a map is absent.");
            entries.Add(new(name, value.Read(ref reader)));
        }

        return new StateValue.Map(entries);
    }

    public override void Write(ref CodecWriter writer, StateValue given, bool asKey)
    {
        if (given is not (StateValue.Map or StateValue.Nothing)) throw Misfit(given);
        writer.WriteCount(given is StateValue.Map map ? map.Entries.Count : -1);
        foreach ((StateValue name, StateValue held) in (given as StateValue.Map)?.Entries ?? [])
        {
            key.Write(ref writer, name, asKey);
            value.Write(ref writer, held, asKey);
        }
    }

    public override StateValue Parse(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Null => StateValue.Absent,
        JsonValueKind.Object => new StateValue.Map([.. json.EnumerateObject().Select(p => new KeyValuePair<StateValue, StateValue>(KeyOf(p.Name, path), value.Parse(p.Value, $"{path}.{p.Name}")))]),
        JsonValueKind.Array => new StateValue.Map([.. json.EnumerateArray().Select((entry, i) => Entry(entry, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))]),
        _ => throw Wrong(path, json),
    };

    KeyValuePair<StateValue, StateValue> Entry(JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("key", out JsonElement name) || !json.TryGetProperty("value", out JsonElement held))
            throw new FormatException($"{path} is not an object with 'key' and 'value', as entries of {Text} are");
        return new(key.Parse(name, $"{path}.key"), value.Parse(held, $"{path}.value"));
    }

    StateValue KeyOf(string text, string path)
    {
        try
        {
            return TextValues.Parse(key, text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{path}: the key {e.Message}", e);
        }
    }
}

/// <summary>Values given as plain text, as keys on a command line are.</summary>
static class TextValues
{
    /// <summary>Understands a text: a scalar or a name of an enumeration as it is, everything else as JSON.</summary>
    /// <exception cref="FormatException">It is no value of the type.</exception>
    public static StateValue Parse(ValueNode node, string text)
    {
        ValueNode core = node.Core;
        if (core is ScalarNode scalar) return scalar.Form.Parse(text);
        if (core is EnumerationNode enumeration)
            return enumeration.TryParse(text) ?? throw new FormatException($"'{text}' is not one of {string.Join(", ", enumeration.Names)}, nor a number of {enumeration.Text}");
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 1_024 });
            return node.Parse(json.RootElement, "it");
        }
        catch (JsonException e)
        {
            throw new FormatException($"'{text}' is not JSON, as a value of type {node.Text} is given: {e.Message}", e);
        }
    }
}
