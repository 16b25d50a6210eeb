using System.Numerics;
using System.Reflection;
using System.Text;

namespace Millrace.State.Codecs;

/// <summary>The encoding of one scalar type: its name in schemas and the methods of writer and reader.</summary>
internal sealed record ScalarEncoding(Type Type, string Name, string Reader)
{
    const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    static readonly Dictionary<Type, ScalarEncoding> s_all = All().ToDictionary(e => e.Type);

    /// <summary>The writer's method for the type.</summary>
    public MethodInfo WriteMethod { get; } = typeof(CodecWriter).GetMethod("Write", Internal, [Type])!;

    /// <summary>The reader's method for the type.</summary>
    public MethodInfo ReadMethod { get; } = typeof(CodecReader).GetMethod(Reader, Internal, [])!;

    /// <summary>Whether the type is a class whose encoding has no place for null.</summary>
    public bool NeedsPresence => Type == typeof(Uri) || Type == typeof(Version);

    /// <summary>Whether a copy of a value can never change. Only byte arrays can.</summary>
    public bool IsImmutable => Type != typeof(byte[]);

    public static ScalarEncoding? Find(Type type) => s_all.GetValueOrDefault(type);

    static IEnumerable<ScalarEncoding> All() =>
    [
        new(typeof(bool), "bool", nameof(CodecReader.ReadBoolean)),
        new(typeof(sbyte), "int8", nameof(CodecReader.ReadSByte)),
        new(typeof(byte), "uint8", nameof(CodecReader.ReadByte)),
        new(typeof(short), "int16", nameof(CodecReader.ReadInt16)),
        new(typeof(ushort), "uint16", nameof(CodecReader.ReadUInt16)),
        new(typeof(int), "int32", nameof(CodecReader.ReadInt32)),
        new(typeof(uint), "uint32", nameof(CodecReader.ReadUInt32)),
        new(typeof(long), "int64", nameof(CodecReader.ReadInt64)),
        new(typeof(ulong), "uint64", nameof(CodecReader.ReadUInt64)),
        new(typeof(Int128), "int128", nameof(CodecReader.ReadInt128)),
        new(typeof(UInt128), "uint128", nameof(CodecReader.ReadUInt128)),
        new(typeof(char), "char", nameof(CodecReader.ReadChar)),
        new(typeof(Rune), "rune", nameof(CodecReader.ReadRune)),
        new(typeof(Half), "float16", nameof(CodecReader.ReadHalf)),
        new(typeof(float), "float32", nameof(CodecReader.ReadSingle)),
        new(typeof(double), "float64", nameof(CodecReader.ReadDouble)),
        new(typeof(decimal), "decimal", nameof(CodecReader.ReadDecimal)),
        new(typeof(string), "string", nameof(CodecReader.ReadString)),
        new(typeof(byte[]), "bytes", nameof(CodecReader.ReadBytes)),
        new(typeof(Guid), "guid", nameof(CodecReader.ReadGuid)),
        new(typeof(DateTime), "datetime", nameof(CodecReader.ReadDateTime)),
        new(typeof(DateTimeOffset), "datetimeoffset", nameof(CodecReader.ReadDateTimeOffset)),
        new(typeof(Timestamp), "timestamp", nameof(CodecReader.ReadTimestamp)),
        new(typeof(TimeSpan), "timespan", nameof(CodecReader.ReadTimeSpan)),
        new(typeof(DateOnly), "date", nameof(CodecReader.ReadDateOnly)),
        new(typeof(TimeOnly), "time", nameof(CodecReader.ReadTimeOnly)),
        new(typeof(BigInteger), "biginteger", nameof(CodecReader.ReadBigInteger)),
        new(typeof(Uri), "uri", nameof(CodecReader.ReadUri)),
        new(typeof(Version), "version", nameof(CodecReader.ReadVersion)),
    ];
}
