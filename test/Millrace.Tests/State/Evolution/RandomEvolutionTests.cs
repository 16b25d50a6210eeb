using System.Collections;
using System.Globalization;
using System.Reflection;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Offline;

namespace Millrace.Tests.State.Evolution;

/// <summary>Random types, random steps, random values: what is kept is what was written; damaged bytes are refused or read.</summary>
public sealed class RandomEvolutionTests
{
    const int Seeds = 150;

    static readonly MethodInfo s_run = typeof(RandomEvolutionTests).GetMethod(nameof(Run), BindingFlags.NonPublic | BindingFlags.Static)!;

    [Fact]
    public void Read_AfterRandomSteps_KeepsTheKeptMembers()
    {
        int changes = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            Random random = new(seed);
            RandomShapes shapes = new(random);
            Shape written = shapes.NewRow();
            Shape read = shapes.Evolve(written);
            Type old = new ShapeTypes().Of(written), now = new ShapeTypes().Of(read);
            try
            {
                changes += (int)s_run.MakeGenericMethod(old, now).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [written, read, random], null)!;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}\n{Codec.Of(old).Schema}\n--- read as\n{Codec.Of(now).Schema}", e);
            }
        }

        Assert.InRange(changes, Seeds * 2, int.MaxValue);
    }

    static int Run<TOld, TNew>(Shape written, Shape read, Random random)
    {
        Codec<TOld> writing = Codec.Of<TOld>();
        SchemaResolution resolution = SchemaResolver.Resolve(writing.Schema, typeof(TNew), SchemaUse.Value, "value");
        Assert.Empty(resolution.Problems);
        Codec<TNew> reading = Codec.Of<TNew>().ReadingFrom(TypeSchema.FromJson(System.Text.Encoding.UTF8.GetBytes(writing.Schema.ToJson())));
        ValueSchema offline = ValueSchema.Of(writing.Schema);
        for (int n = 0; n < 5; n++)
        {
            object? value = ShapeValues.New(written, random);
            TOld old = (TOld)ShapeValues.ToObject(written, value, typeof(TOld))!;
            byte[] bytes = writing.Encode(old);
            Assert.Equal(ShapeValues.Text(written, value, written), ShapeValues.Text(written, ShapeValues.FromObject(written, writing.Decode(bytes)), written));
            Assert.Equal(ShapeValues.Text(written, value, read), ShapeValues.Text(read, ShapeValues.FromObject(read, reading.Decode(bytes)), written));
            Damage(reading, bytes, random);
            // Without the types, from the schema alone, it is the same value.
            Assert.Equal(bytes, offline.Encode(offline.Decode(bytes)));
        }

        return resolution.Changes.Count;
    }

    static void Damage<T>(Codec<T> reading, byte[] bytes, Random random)
    {
        for (int length = 0; length < bytes.Length; length += 1 + (bytes.Length / 50)) Assert.Throws<CorruptDataException>(() => reading.Decode(bytes.AsSpan(0, length)));
        for (int n = 0; n < 40; n++)
        {
            byte[] damaged = [.. bytes];
            for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                reading.Decode(damaged);
            }
            catch (CorruptDataException)
            {
            }
        }
    }
}

/// <summary>Values of shapes: scalars as they are, lists, dictionaries by name, and dictionaries by the ids of members.</summary>
static class ShapeValues
{
    public static object? New(Shape shape, Random random) => shape switch
    {
        Shape.Scalar scalar => NewScalar(scalar.Type, random),
        Shape.Maybe maybe => random.Next(3) == 0 ? null : NewScalar(maybe.Inner.Type, random),
        Shape.Choice choice => choice.Numbers.Keys.ElementAt(random.Next(choice.Numbers.Count)),
        Shape.Many many => random.Next(4) == 0 ? null : Enumerable.Range(0, random.Next(4)).Select(_ => New(many.Element, random)).ToList(),
        Shape.Named named => random.Next(4) == 0 ? null : Enumerable.Range(0, random.Next(4)).ToDictionary(static i => $"k{i}", _ => New(named.Value, random)),
        Shape.Row row => random.Next(8) == 0 ? null : row.Fields.ToDictionary(static f => f.Id, f => New(f.Shape, random)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static object? ToObject(Shape shape, object? value, Type type)
    {
        if (value is null) return null;
        switch (shape)
        {
            case Shape.Choice: return Enum.Parse(type, (string)value);
            case Shape.Many many:
                IList list = (IList)Activator.CreateInstance(type)!;
                foreach (object? item in (List<object?>)value) list.Add(ToObject(many.Element, item, type.GetGenericArguments()[0]));
                return list;
            case Shape.Named named:
                IDictionary map = (IDictionary)Activator.CreateInstance(type)!;
                foreach ((string key, object? item) in (Dictionary<string, object?>)value) map.Add(key, ToObject(named.Value, item, type.GetGenericArguments()[1]));
                return map;
            case Shape.Row row:
                object made = Activator.CreateInstance(type)!;
                foreach (Field field in row.Fields)
                {
                    FieldInfo member = type.GetField(field.Name)!;
                    member.SetValue(made, ToObject(field.Shape, ((Dictionary<int, object?>)value)[field.Id], member.FieldType));
                }

                return made;
            default: return value;
        }
    }

    public static object? FromObject(Shape shape, object? value) => (shape, value) switch
    {
        (_, null) => null,
        (Shape.Choice, _) => value.ToString(),
        (Shape.Many many, _) => ((IEnumerable)value).Cast<object?>().Select(i => FromObject(many.Element, i)).ToList(),
        (Shape.Named named, _) => ((IDictionary)value).Keys.Cast<string>().ToDictionary(static k => k, k => FromObject(named.Value, ((IDictionary)value)[k])),
        (Shape.Row row, _) => row.Fields.ToDictionary(static f => f.Id, f => FromObject(f.Shape, value.GetType().GetField(f.Name)!.GetValue(value))),
        _ => value,
    };

    /// <summary>A value in words, with only what another version of its shape also has, under that version's names.</summary>
    public static string Text(Shape shape, object? value, Shape other) => (shape, value) switch
    {
        (_, null) => "null",
        // Names are said as they were first.
        (Shape.Choice choice, _) => choice.Former.GetValueOrDefault((string)value, (string)value),
        (Shape.Many many, _) => $"[{string.Join(", ", ((List<object?>)value).Select(i => Text(many.Element, i, ((Shape.Many)other).Element)))}]",
        (Shape.Named named, _) => $"{{{string.Join(", ", ((Dictionary<string, object?>)value).OrderBy(static p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}: {Text(named.Value, p.Value, ((Shape.Named)other).Value)}"))}}}",
        (Shape.Row row, _) => $"({string.Join(", ", from field in row.Fields join kept in ((Shape.Row)other).Fields on field.Id equals kept.Id orderby field.Id select $"{field.Id}: {Text(field.Shape, ((Dictionary<int, object?>)value)[field.Id], kept.Shape)}")})",
        (_, decimal or int or long or short or sbyte or uint or ulong) => Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture),
        (_, float or double) => Floating(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // Integers that became floating-point numbers look like integers.
    static string Floating(double value) => Math.Abs(value) < 1e15 && value == Math.Floor(value) ? ((decimal)value).ToString("0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);

    static object NewScalar(Type type, Random random) => type switch
    {
        _ when type == typeof(bool) => random.Next(2) == 0,
        _ when type == typeof(sbyte) => (sbyte)random.Next(-128, 128),
        _ when type == typeof(short) => (short)random.Next(short.MinValue, short.MaxValue + 1),
        _ when type == typeof(int) => (int)(random.NextInt64() >> random.Next(32)),
        _ when type == typeof(uint) => (uint)(random.NextInt64() >> random.Next(31)),
        _ when type == typeof(long) => random.NextInt64() >> random.Next(63),
        _ when type == typeof(float) => random.NextSingle(),
        _ when type == typeof(double) => random.NextDouble(),
        _ when type == typeof(decimal) => (decimal)random.NextDouble(),
        _ when type == typeof(string) => $"text {random.Next()}",
        _ when type == typeof(Guid) => new Guid(random.Next(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        _ when type == typeof(DateTime) => new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), DateTimeKind.Utc),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
