using System.Collections.Immutable;
using Millrace.State.Codecs;
using Millrace.State.Offline;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>Damaged bytes and contradictory schemas give a value or a typed error: never another exception, a hang or a huge allocation.</summary>
public sealed class ValueSchemaFuzzTests
{
    const int Seeds = 150;

    static readonly string[] s_scalars =
    [
        "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "int128", "uint128", "char", "rune", "float16", "float32", "float64", "decimal", "string",
        "bytes", "guid", "datetime", "datetimeoffset", "timestamp", "timespan", "date", "time", "biginteger", "uri", "version", "ordered64",
    ];

    [Fact]
    public void Decode_TruncatedBytes_GivesTypedError()
    {
        ValueSchema schema = ValueSchema.Of(Codec.Of<Everything>().Schema);
        foreach (int seed in Fuzzing.Seeds(Seeds / 10))
        {
            byte[] bytes = Codec.Of<Everything>().Encode(NewEverything(new Random(seed)));
            for (int length = 0; length < bytes.Length; length++) Assert.False(TryDecode(schema, bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Decode_FlippedBits_GivesValueOrTypedError_AsTheCodecDoes()
    {
        ValueSchema schema = ValueSchema.Of(Codec.Of<Everything>().Schema);
        int refused = 0, read = 0;
        foreach (int seed in Fuzzing.Seeds(Seeds))
        {
            byte[] bytes = Codec.Of<Everything>().Encode(NewEverything(new Random(seed)));
            Random random = new(seed);
            for (int n = 0; n < 200; n++)
            {
                byte[] damaged = [.. bytes];
                for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                bool isRead = TryDecode(schema, damaged);
                if (isRead) read++;
                else refused++;
                // What the codec reads has a meaning by schema; that two elements of a set are equal only the type knows.
                if (!isRead) Assert.Throws<CorruptDataException>(() => Codec.Of<Everything>().Decode(damaged));
            }
        }

        Assert.InRange(refused, 1_000, Seeds * 200 * Fuzzing.Times);
        Assert.InRange(read, 1_000, Seeds * 200 * Fuzzing.Times);
    }

    [Fact]
    public void Decode_RandomBytesByRandomSchemas_GivesValueOrTypedError()
    {
        int read = 0, refused = 0, broken = 0;
        foreach (int seed in Fuzzing.Seeds(4_000))
        {
            Random random = new(seed);
            try
            {
                ValueSchema schema = ValueSchema.Of(NewSchema(random));
                for (int n = 0; n < 20; n++)
                {
                    byte[] bytes = new byte[random.Next(60)];
                    random.NextBytes(bytes);
                    if (random.Next(2) == 0) for (int i = 0; i < bytes.Length; i++) bytes[i] &= 3;
                    if (TryDecode(schema, bytes)) read++;
                    else refused++;
                }
            }
            catch (CorruptDataException)
            {
                broken++;
            }
        }

        Assert.InRange(read, 300, int.MaxValue);
        Assert.InRange(refused, 1_000, int.MaxValue);
        Assert.InRange(broken, 10, 4_000 * Fuzzing.Times);
    }

    [Fact]
    public void Decode_HugeCount_AllocatesLittle()
    {
        byte[] bytes = new byte[1 << 20];
        byte[] count = [0x81, 0x94, 0xeb, 0xdc, 0x03];
        count.CopyTo(bytes, 0);
        ValueSchema schema = ValueSchema.Of(Codec.Of<List<List<int>>>().Schema);
        TryDecode(schema, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(TryDecode(schema, bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Decode_TypesThatContainThemselvesWithoutEnd_GiveTypedErrors()
    {
        SchemaDefinition[] ring = [.. Enumerable.Range(0, 5_000).Select(static i => new SchemaDefinition.Row($"T{i}", [new("Next", new SchemaType.Named($"T{(i + 1) % 5_000}"))]))];
        Exception? failure = null;
        Thread small = new(
            () =>
            {
                failure = Record.Exception(() => Assert.Throws<CorruptDataException>(() => ValueSchema.Of(new(new SchemaType.Named("T0"), [.. ring])).Decode(new byte[8])));
            },
            512 << 10);
        small.Start();
        small.Join();
        Assert.Null(failure);
        TypeSchema itself = new(new SchemaType.Named("A"), [new SchemaDefinition.Row("A", [new("A", new SchemaType.Named("A"))])]);
        Assert.Throws<CorruptDataException>(() => ValueSchema.Of(itself).Decode(new byte[8]));
    }

    static bool TryDecode(ValueSchema schema, ReadOnlySpan<byte> bytes)
    {
        StateValue value;
        try
        {
            value = schema.Decode(bytes);
        }
        catch (CorruptDataException)
        {
            return false;
        }

        // What is read can be shown and written, and is then the same.
        Assert.NotEmpty(value.ToJson());
        byte[] again = schema.Encode(value);
        Assert.Equal(value, schema.Decode(again));
        return true;
    }

    static TypeSchema NewSchema(Random random)
    {
        string[] names = [.. Enumerable.Range(0, random.Next(4)).Select(static i => $"N{i}")];
        ImmutableArray<SchemaDefinition> definitions = [.. names.Select(n => NewDefinition(random, n, names))];
        return new(NewType(random, names, 0), definitions);
    }

    static SchemaDefinition NewDefinition(Random random, string name, string[] names) => random.Next(4) switch
    {
        0 => new SchemaDefinition.Enumeration(name, random.Next(20) == 0 ? "string" : "int16", [new("One", "1"), new("Two", "2")]),
        1 => new SchemaDefinition.Union(name, [.. names.Where(_ => random.Next(2) == 0)]),
        _ => new SchemaDefinition.Row(name, [.. Enumerable.Range(0, random.Next(12)).Select(i => new SchemaMember($"M{i}", NewType(random, names, 0)))]),
    };

    static SchemaType NewType(Random random, string[] names, int depth) => random.Next(depth > 3 ? 4 : 12) switch
    {
        4 => new SchemaType.List(NewType(random, names, depth + 1)),
        5 => new SchemaType.Set(NewType(random, names, depth + 1)),
        6 => new SchemaType.Map(NewType(random, names, depth + 1), NewType(random, names, depth + 1)),
        7 => new SchemaType.Tuple([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => NewType(random, names, depth + 1))]),
        8 or 9 => new SchemaType.Optional(NewType(random, names, depth + 1)),
        10 when names.Length > 0 => new SchemaType.Named(random.Next(40) == 0 ? "missing" : names[random.Next(names.Length)]),
        _ => new SchemaType.Scalar(random.Next(200) == 0 ? "quaternion" : s_scalars[random.Next(s_scalars.Length)]),
    };
}
