using Millrace.State.Codecs;

namespace Millrace.State.Offline;

/// <summary>
/// Reads and writes values of state by the schema that was stored with them, without their type. Immutable and thread-safe. Whatever the bytes
/// are, reading ends with a value or a <see cref="CorruptDataException"/>, in time and memory proportional to their number.
/// </summary>
public sealed class ValueSchema
{
    ValueSchema(TypeSchema type, ValueNode root)
    {
        Type = type;
        Root = root;
    }

    /// <summary>The schema.</summary>
    public TypeSchema Type { get; }

    internal ValueNode Root { get; }

    /// <summary>Prepares a schema.</summary>
    /// <param name="type">As a snapshot has it, or <see cref="Codec.Schema"/> of a type.</param>
    /// <exception cref="CorruptDataException">It is contradictory, or mentions scalars that this version does not know.</exception>
    public static ValueSchema Of(TypeSchema type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(type, ValueNodeBuilder.Build(type));
    }

    /// <summary>Reads a value.</summary>
    /// <param name="bytes">All of its bytes and none besides.</param>
    /// <exception cref="CorruptDataException">The bytes are no value of the schema.</exception>
    public StateValue Decode(ReadOnlySpan<byte> bytes)
    {
        CodecReader reader = new(bytes);
        StateValue value = Root.Read(ref reader);
        reader.End();
        return value;
    }

    /// <summary>The bytes of a value.</summary>
    /// <param name="value">A value of this schema, or of one with the same members.</param>
    /// <exception cref="UnencodableValueException">It is no value of the schema.</exception>
    public byte[] Encode(StateValue value) => Encode(value, asKey: false);

    /// <summary>The bytes of a key: equal keys have equal bytes.</summary>
    /// <param name="key">A value of this schema.</param>
    /// <exception cref="UnencodableValueException">It is no value of the schema.</exception>
    public byte[] EncodeKey(StateValue key) => Encode(key, asKey: true);

    /// <summary>The hash that places a key (<see cref="KeyHash"/>).</summary>
    /// <param name="key">A value of this schema; not absent.</param>
    /// <exception cref="UnencodableValueException">It is no value of the schema, or the schema is not one of keys.</exception>
    public uint Hash(StateValue key) => key.IsAbsent
        ? throw new UnencodableValueException("A key is absent, and no key is.")
        : KeyHash.Finish(Root.WordOf(key));

    /// <summary>Understands a value given as text: scalars and names of enumerations as they are, everything else as the JSON that values are shown as.</summary>
    /// <param name="text">The text: <c>JFK</c>, <c>42</c>, <c>{"Region": "EU", "Id": 7}</c>, <c>[1, "a"]</c> for a tuple.</param>
    /// <exception cref="FormatException">It is no value of the schema; the message says what is expected.</exception>
    public StateValue Parse(string text) => TextValues.Parse(Root, text);

    /// <summary>The canonical text of the schema.</summary>
    public override string ToString() => Type.Text;

    byte[] Encode(StateValue value, bool asKey)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        Root.Write(ref writer, value, asKey);
        writer.Flush();
        return buffer.Written.ToArray();
    }
}

/// <summary>Finds what a schema mentions.</summary>
sealed class ValueNodeBuilder
{
    readonly Dictionary<string, SchemaDefinition> _definitions = new(StringComparer.Ordinal);
    readonly Dictionary<string, ValueNode> _built = new(StringComparer.Ordinal);
    readonly Dictionary<string, RecursiveNode?> _building = new(StringComparer.Ordinal);

    public static ValueNode Build(TypeSchema schema)
    {
        ValueNodeBuilder builder = new();
        foreach (SchemaDefinition definition in schema.Definitions)
        {
            if (!builder._definitions.TryAdd(definition.Name, definition)) throw Broken($"{definition.Name} is defined twice");
        }

        return builder.NodeOf(schema.Root);
    }

    ValueNode NodeOf(SchemaType type)
    {
        if (!System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Broken("its types nest too deep");
        return type switch
        {
            SchemaType.Scalar scalar => new ScalarNode(ScalarForm.OfName(scalar.Name) ?? throw Broken($"there is no type '{scalar.Name}' in this version")),
            SchemaType.Optional optional => new OptionalNode(NodeOf(optional.Inner)),
            SchemaType.List list => new ListNode(NodeOf(list.Element), isSet: false),
            SchemaType.Set set => new ListNode(NodeOf(set.Element), isSet: true),
            SchemaType.Map map => new MapNode(NodeOf(map.Key), NodeOf(map.Value)),
            SchemaType.Tuple tuple => TupleOf(tuple),
            SchemaType.Named named => NamedOf(named.Name, null),
            _ => throw new System.Diagnostics.UnreachableException($"no such type: {type}"),
        };
    }

    RowNode TupleOf(SchemaType.Tuple tuple)
    {
        RowNode row = new($"{tuple}", new([.. tuple.Items.Select(static (_, i) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Item{i + 1}"))], null, isTuple: true));
        row.Resolve([.. tuple.Items.Select(NodeOf)]);
        return row;
    }

    /// <summary>A named type, once; within itself a stand-in, as codecs have it: what counts depth counts the same levels.</summary>
    ValueNode NamedOf(string name, string? caseName)
    {
        // A type may be a case of a hierarchy, which says so, and stand for itself, which does not.
        string id = caseName is null ? name : $"{name} as {caseName}";
        if (_built.TryGetValue(id, out ValueNode? built)) return built;
        if (_building.TryGetValue(id, out RecursiveNode? within)) return _building[id] = within ?? new(name);
        _building.Add(id, null);
        ValueNode node = DefinitionOf(name) switch
        {
            SchemaDefinition.Enumeration enumeration when caseName is null => new EnumerationNode(enumeration),
            SchemaDefinition.Row row => RowOf(row, caseName),
            SchemaDefinition.Union union when caseName is null => UnionOf(union),
            var other => throw Broken($"{other.Name} is not a row, and cannot be a case"),
        };
        _building.Remove(id, out within);
        within?.Resolve(node);
        _built.Add(id, node);
        return node;
    }

    RowNode RowOf(SchemaDefinition.Row definition, string? caseName)
    {
        string[] names = [.. definition.Members.Select(static m => m.Name)];
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length) throw Broken($"{definition.Name} has two members of one name");
        RowNode row = new(definition.Name, new(names, caseName, isTuple: false));
        row.Resolve([.. definition.Members.Select(m => NodeOf(m.Type))]);
        return row;
    }

    UnionNode UnionOf(SchemaDefinition.Union definition)
    {
        UnionNode union = new(definition.Name);
        string[] names = CaseNames.Of(definition.Cases);
        union.Resolve([.. definition.Cases.Select((c, i) => NamedOf(c, names[i]) as RowNode ?? throw Broken($"the case {c} contains {definition.Name} without end"))]);
        return union;
    }

    SchemaDefinition DefinitionOf(string name) => _definitions.GetValueOrDefault(name) ?? throw Broken($"'{name}' is mentioned and not defined");

    static CorruptDataException Broken(string what) => new($"A schema cannot be read: {what}.", 0);
}

/// <summary>What the cases of a closed hierarchy are called: the last part of their names, where that tells them apart.</summary>
static class CaseNames
{
    public static string[] Of(IReadOnlyList<string> cases)
    {
        string[] last = [.. cases.Select(LastPart)];
        return last.Distinct(StringComparer.Ordinal).Count() == last.Length ? last : [.. cases];
    }

    static string LastPart(string name)
    {
        int arguments = name.IndexOf('<', StringComparison.Ordinal);
        int dot = (arguments < 0 ? name : name[..arguments]).LastIndexOf('.');
        return name[(dot + 1)..];
    }
}
