using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>
/// Passes over values that nothing reads any more, from their schema alone, without making them. Built once per schema; then immutable and thread-safe.
/// </summary>
/// <param name="definitions">The definitions of the schema, by name.</param>
internal sealed class ValueSkipper(IReadOnlyDictionary<string, SchemaDefinition> definitions)
{
    readonly Dictionary<SchemaType, Skipper> _made = [];

    /// <summary>Passes over values of a type.</summary>
    /// <exception cref="CorruptDataException">The schema is not one that a writer writes.</exception>
    public Skipper Of(SchemaType type)
    {
        // A type that is still being made is within itself: levels are counted there, as writers count them.
        if (_made.TryGetValue(type, out Skipper? made)) return made.Body is null ? new Skipper { Body = made.SkipWithin } : made;
        Skipper skipper = new();
        _made.Add(type, skipper);
        skipper.Body = Make(type);
        return skipper;
    }

    Action Make(SchemaType type)
    {
        switch (type)
        {
            case SchemaType.Scalar scalar: return Scalar(scalar.Name);
            case SchemaType.Optional optional:
                Skipper inner = Of(optional.Inner);
                return (ref reader) =>
                {
                    if (reader.ReadBoolean()) inner.Skip(ref reader);
                };
            case SchemaType.List list: return Counted(Of(list.Element), null);
            case SchemaType.Set set: return Counted(Of(set.Element), null);
            case SchemaType.Map map: return Counted(Of(map.Key), Of(map.Value));
            case SchemaType.Tuple tuple: return Row([.. tuple.Items]);
            case SchemaType.Named named when definitions.TryGetValue(named.Name, out SchemaDefinition? definition): return Defined(definition);
            default: throw new CorruptDataException($"'{type}' is not defined in its schema.", 0);
        }
    }

    Action Defined(SchemaDefinition definition)
    {
        switch (definition)
        {
            case SchemaDefinition.Row row: return Row([.. row.Members.Select(static m => m.Type)]);
            case SchemaDefinition.Enumeration enumeration: return Scalar(enumeration.Underlying);
            case SchemaDefinition.Union union:
                Skipper[] cases = [.. union.Cases.Select(c => Of(new SchemaType.Named(c)))];
                return (ref reader) =>
                {
                    ulong index = reader.ReadVarint((ulong)cases.Length);
                    if (index > 0) cases[index - 1].Skip(ref reader);
                };
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    Action Row(SchemaType[] members)
    {
        if (members.Length == 0) return static (ref reader) => reader.ReadEmptyRow();
        const int bitsPerByte = 8;
        bool[] isMarked = [.. members.Select(static m => m is SchemaType.Optional)];
        Skipper[] values = [.. members.Select(m => Of(SchemaParts.Present(m)))];
        int marks = isMarked.Count(static m => m);
        return (ref reader) =>
        {
            Span<byte> bits = stackalloc byte[(marks + bitsPerByte - 1) / bitsPerByte];
            for (int i = 0; i < bits.Length; i++) bits[i] = reader.ReadBits(Math.Min(bitsPerByte, marks - (i * bitsPerByte)));
            for (int i = 0, mark = 0; i < values.Length; i++)
            {
                if (isMarked[i] && (bits[mark / bitsPerByte] >> (mark++ % bitsPerByte) & 1) == 0) continue;
                values[i].Skip(ref reader);
            }
        };
    }

    static Action Counted(Skipper element, Skipper? value) => (ref reader) =>
    {
        int count = reader.ReadCount();
        for (int i = 0; i < count; i++)
        {
            element.Skip(ref reader);
            value?.Skip(ref reader);
        }
    };

    static Action Scalar(string name)
    {
        switch (name)
        {
            case "bool": return static (ref reader) => reader.ReadBoolean();
            case "int8" or "uint8": return static (ref reader) => reader.ReadByte();
            case "int16" or "int32" or "int64" or "uint16" or "uint32" or "uint64" or "char" or "rune" or "timespan" or "date" or "time":
                return static (ref reader) => reader.ReadVarint();
            case "float16": return static (ref reader) => reader.ReadRaw(2);
            case "float32": return static (ref reader) => reader.ReadRaw(4);
            case "float64" or "datetime" or "timestamp": return static (ref reader) => reader.ReadRaw(8);
            case "int128" or "uint128" or "guid": return static (ref reader) => reader.ReadRaw(16);
            case "decimal": return static (ref reader) => reader.ReadDecimal();
            case "datetimeoffset": return static (ref reader) => reader.ReadDateTimeOffset();
            case "string" or "bytes" or "uri": return static (ref reader) => reader.ReadRaw(Math.Max(reader.ReadCount(), 0));
            case "biginteger": return static (ref reader) => reader.ReadRaw((int)reader.ReadVarint((ulong)reader.Remaining));
            case "version": return static (ref reader) => reader.ReadVersion();
            case "ordered64": return static (ref reader) => reader.ReadRaw(8);
            default: throw new CorruptDataException($"'{name}' is not a scalar that this version knows.", 0);
        }
    }

    /// <summary>Passes over the body of a value.</summary>
    internal delegate void Action(ref CodecReader reader);

    /// <summary>Passes over values of one type, which may be within itself.</summary>
    internal sealed class Skipper
    {
        /// <summary>Set once, when what is inside is made.</summary>
        public Action? Body { get; set; }

        /// <summary>Passes over a value.</summary>
        public void Skip(ref CodecReader reader) => Body!(ref reader);

        /// <summary>Passes over a value that is within one of the same type.</summary>
        public void SkipWithin(ref CodecReader reader)
        {
            reader.Enter();
            Body!(ref reader);
            reader.Leave();
        }
    }
}
