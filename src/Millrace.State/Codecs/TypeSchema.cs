using System.Collections.Immutable;

namespace Millrace.State.Codecs;

/// <summary>
/// What the bytes of a type mean, without the type: enough to read them years later, in another program. Immutable; equal when
/// the canonical texts are equal. Snapshots store each schema once per run.
/// </summary>
public sealed class TypeSchema : IEquatable<TypeSchema>
{
    /// <summary>Makes a schema.</summary>
    /// <param name="root">The type of the encoded value.</param>
    /// <param name="definitions">Every named type that the root or a definition refers to, in the order of first mention.</param>
    public TypeSchema(SchemaType root, ImmutableArray<SchemaDefinition> definitions)
    {
        Root = root;
        Definitions = definitions;
        Text = string.Join('\n', [root.ToString(), .. definitions.Select(d => d.ToString())]);
    }

    /// <summary>The type of the encoded value.</summary>
    public SchemaType Root { get; }

    /// <summary>The type of the program that it was made of; null of what was read. Does not count in equality.</summary>
    internal Type? Origin { get; init; }

    /// <summary>Every named type, in the order of first mention.</summary>
    public ImmutableArray<SchemaDefinition> Definitions { get; }

    /// <summary>The canonical text: the root's line, then one line per definition, separated by line feeds.</summary>
    public string Text { get; }

    /// <summary>The schema as one JSON object, as it is stored in snapshots (<c>docs/FORMATS.md</c>, section "Row encoding").</summary>
    /// <returns>JSON without line breaks.</returns>
    public string ToJson() => SchemaJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <returns>An equal schema.</returns>
    /// <exception cref="CorruptDataException">Not the JSON of a schema.</exception>
    public static TypeSchema FromJson(ReadOnlySpan<byte> json) => SchemaJson.Read(json);

    /// <inheritdoc/>
    public bool Equals(TypeSchema? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TypeSchema);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    /// <summary>The canonical text.</summary>
    /// <returns><see cref="Text"/>.</returns>
    public override string ToString() => Text;
}

/// <summary>A type as it is mentioned in a schema.</summary>
public abstract record SchemaType
{
    SchemaType()
    {
    }

    /// <summary>A scalar, named as in <c>docs/FORMATS.md</c>: <c>int32</c>, <c>string</c>, <c>decimal</c> ….</summary>
    /// <param name="Name">The name of the encoding.</param>
    public sealed record Scalar(string Name) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => Name;
    }

    /// <summary>A value that may be absent, marked by a presence bit in a row and by a presence byte elsewhere.</summary>
    /// <param name="Inner">The value when present.</param>
    public sealed record Optional(SchemaType Inner) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Inner}?";
    }

    /// <summary>A sequence with a count; may be absent.</summary>
    /// <param name="Element">Every element.</param>
    public sealed record List(SchemaType Element) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => $"list<{Element}>";
    }

    /// <summary>A sequence of different elements, with a count; may be absent.</summary>
    /// <param name="Element">Every element.</param>
    public sealed record Set(SchemaType Element) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => $"set<{Element}>";
    }

    /// <summary>Pairs with different keys, with a count; may be absent.</summary>
    /// <param name="Key">Every key.</param>
    /// <param name="Value">Every value.</param>
    public sealed record Map(SchemaType Key, SchemaType Value) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => $"map<{Key}, {Value}>";
    }

    /// <summary>A row without names.</summary>
    /// <param name="Items">Its members in order; at least one.</param>
    public sealed record Tuple(ImmutableArray<SchemaType> Items) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => $"({string.Join(", ", Items)})";
    }

    /// <summary>A type that a <see cref="SchemaDefinition"/> of the same schema defines.</summary>
    /// <param name="Name">The name of the definition.</param>
    public sealed record Named(string Name) : SchemaType
    {
        /// <inheritdoc/>
        public override string ToString() => Name;
    }
}

/// <summary>A named type of a schema.</summary>
/// <param name="Name">The full name of the type when it was written, unique within the schema.</param>
public abstract record SchemaDefinition(string Name)
{
    /// <summary>A row: its members one after the other.</summary>
    /// <param name="Name">The name of the type.</param>
    /// <param name="Members">The members in the order of their bytes.</param>
    public sealed record Row(string Name, ImmutableArray<SchemaMember> Members) : SchemaDefinition(Name)
    {
        /// <inheritdoc/>
        public override string ToString() => $"row {Name} {{ {string.Join(", ", Members)} }}";
    }

    /// <summary>An enumeration, written as its number.</summary>
    /// <param name="Name">The name of the type.</param>
    /// <param name="Underlying">The integer encoding: <c>int8</c> to <c>uint64</c>.</param>
    /// <param name="Values">The names and numbers known to the writer, by number; other numbers may occur.</param>
    public sealed record Enumeration(string Name, string Underlying, ImmutableArray<SchemaEnumValue> Values) : SchemaDefinition(Name)
    {
        /// <inheritdoc/>
        public override string ToString() => $"enum {Name}: {Underlying} {{ {string.Join(", ", Values)} }}";
    }

    /// <summary>A closed hierarchy: the index of the case plus one (zero for absent), then the row of the case.</summary>
    /// <param name="Name">The name of the common type.</param>
    /// <param name="Cases">The names of the row definitions of the cases, in the order of their indices.</param>
    public sealed record Union(string Name, ImmutableArray<string> Cases) : SchemaDefinition(Name)
    {
        /// <inheritdoc/>
        public override string ToString() => $"union {Name} {{ {string.Join(", ", Cases)} }}";
    }
}

/// <summary>One member of a row.</summary>
/// <param name="Name">The member's name when it was written.</param>
/// <param name="Type">What it holds.</param>
public sealed record SchemaMember(string Name, SchemaType Type)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Type}";
}

/// <summary>One name of an enumeration.</summary>
/// <param name="Name">The name.</param>
/// <param name="Number">Its number, in decimal.</param>
public sealed record SchemaEnumValue(string Name, string Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} = {Number}";
}
