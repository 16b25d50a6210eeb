using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>A row: presence bits of the members that may be absent, then the members.</summary>
/// <param name="text">The type in words.</param>
/// <param name="names">The names of the members.</param>
sealed class RowNode(string text, RowNames names) : ValueNode
{
    const int BitsPerByte = 8;

    // Set once, after the members were found: a row may contain itself.
    ValueNode[] _members = [];
    int[] _byName = [];
    int _marked;

    public override string Text => text;

    public RowNames Names => names;

    public IReadOnlyList<ValueNode> Members => _members;

    public void Resolve(ValueNode[] members)
    {
        _members = members;
        _marked = members.Count(static m => m is OptionalNode);
        // Keys are hashed member by member in the order of their names; the items of tuples are called Item1 to Item7 and Rest.
        _byName = [.. Enumerable.Range(0, members.Length)];
        if (!names.IsTuple) Array.Sort(_byName, (a, b) => string.CompareOrdinal(names.Members[a], names.Members[b]));
    }

    public override StateValue Read(ref CodecReader reader)
    {
        Span<byte> bits = stackalloc byte[(_marked + BitsPerByte - 1) / BitsPerByte];
        for (int i = 0; i < bits.Length; i++) bits[i] = reader.ReadBits(Math.Min(BitsPerByte, _marked - (i * BitsPerByte)));
        if (_members.Length == 0) reader.ReadEmptyRow();
        StateValue[] values = new StateValue[_members.Length];
        int mark = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (_members[i] is not OptionalNode optional)
            {
                values[i] = _members[i].Read(ref reader);
                continue;
            }

            bool isPresent = (bits[mark / BitsPerByte] & (1 << (mark % BitsPerByte))) != 0;
            values[i] = isPresent ? optional.Inner.Read(ref reader) : StateValue.Absent;
            mark++;
        }

        return new StateValue.Row(names, values);
    }

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        StateValue[] values = InOrder(value);
        Span<byte> bits = stackalloc byte[(_marked + BitsPerByte - 1) / BitsPerByte];
        bits.Clear();
        int mark = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (_members[i] is not OptionalNode) continue;
            if (!values[i].IsAbsent) bits[mark / BitsPerByte] |= (byte)(1 << (mark % BitsPerByte));
            mark++;
        }

        writer.WriteRaw(bits);
        if (values.Length == 0) writer.WriteByte(0);
        for (int i = 0; i < values.Length; i++)
        {
            if (_members[i] is not OptionalNode optional) WriteMember(ref writer, i, _members[i], values[i], asKey);
            else if (!values[i].IsAbsent) WriteMember(ref writer, i, optional.Inner, values[i], asKey);
        }
    }

    public override ulong WordOf(StateValue key)
    {
        if (key.IsAbsent) return KeyHash.NullWord;
        StateValue[] values = InOrder(key);
        ulong word = KeyHash.Seed;
        foreach (int i in _byName) word = KeyHash.Fold(word, _members[i].WordOf(values[i]));
        return word;
    }

    public override StateValue Parse(JsonElement json, string path)
    {
        if (names.IsTuple && json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == _members.Length)
            return new StateValue.Row(names, [.. json.EnumerateArray().Select((item, i) => _members[i].Parse(item, $"{path}.{names.Members[i]}"))]);
        if (names.IsTuple || json.ValueKind != JsonValueKind.Object) throw Wrong(path, json);
        StateValue?[] values = new StateValue?[_members.Length];
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (names.Case is not null && property.Name == StateValue.Row.CaseMember) continue;
            int at = names.IndexOf(property.Name);
            if (at < 0) throw new FormatException($"{path}: {Text} has no member '{property.Name}'; it has {string.Join(", ", names.Members)}");
            values[at] = _members[at].Parse(property.Value, $"{path}.{property.Name}");
        }

        int missing = Array.IndexOf(values, null);
        return missing < 0 ? new StateValue.Row(names, values!) : throw new FormatException($"{path}: the member '{names.Members[missing]}' of {Text} is missing; give null for none");
    }

    void WriteMember(ref CodecWriter writer, int index, ValueNode member, StateValue value, bool asKey)
    {
        try
        {
            member.Write(ref writer, value, asKey);
        }
        catch (UnencodableValueException e)
        {
            throw new UnencodableValueException($"{names.Members[index]} of {Text}: {e.Message}");
        }
    }

    /// <summary>The members in the order of this type, which another schema's row may not have.</summary>
    StateValue[] InOrder(StateValue value)
    {
        if (value is not StateValue.Row row || row.Case != names.Case || row.Names.Count != _members.Length) throw Misfit(value);
        StateValue[] values = new StateValue[_members.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int at = i < row.Names.Count && row.Names[i] == names.Members[i] ? i : IndexIn(row, names.Members[i]);
            values[i] = at >= 0 ? row.Values[at] : throw Misfit(value);
        }

        return values;
    }

    static int IndexIn(StateValue.Row row, string name)
    {
        for (int i = 0; i < row.Names.Count; i++)
            if (row.Names[i] == name) return i;
        return -1;
    }
}

/// <summary>A closed hierarchy: the index of the case plus one, then its row.</summary>
/// <param name="text">The type in words.</param>
sealed class UnionNode(string text) : ValueNode
{
    RowNode[] _cases = [];

    public override string Text => text;

    public IReadOnlyList<RowNode> Cases => _cases;

    public void Resolve(RowNode[] cases) => _cases = cases;

    public override StateValue Read(ref CodecReader reader)
    {
        ulong index = reader.ReadVarint((ulong)_cases.Length);
        return index == 0 ? StateValue.Absent : _cases[index - 1].Read(ref reader);
    }

    public override void Write(ref CodecWriter writer, StateValue value, bool asKey)
    {
        int index = value is StateValue.Row row ? Array.FindIndex(_cases, c => c.Names.Case == row.Case) : -1;
        if (index < 0 && !value.IsAbsent) throw Misfit(value);
        writer.WriteVarint((ulong)(index + 1));
        if (index >= 0) _cases[index].Write(ref writer, value, asKey);
    }

    public override StateValue Parse(JsonElement json, string path)
    {
        if (json.ValueKind == JsonValueKind.Null) return StateValue.Absent;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(StateValue.Row.CaseMember, out JsonElement name) || name.ValueKind != JsonValueKind.String)
            throw new FormatException($"{path} has no '{StateValue.Row.CaseMember}', which says which case of {Text} it is: {CaseNames}");
        RowNode row = Array.Find(_cases, c => c.Names.Case == name.GetString())
            ?? throw new FormatException($"{path}: {Text} has no case '{name.GetString()}'; it has {CaseNames}");
        return row.Parse(json, path);
    }

    string CaseNames => string.Join(", ", _cases.Select(static c => c.Names.Case));
}
