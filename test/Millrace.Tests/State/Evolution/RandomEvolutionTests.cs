using System.Reflection;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Offline;

namespace Millrace.Tests.State.Evolution;

/// <summary>Random types, random steps, random values: what is kept is what was written; damaged bytes are refused or read.</summary>
public sealed class RandomEvolutionTests
{
    const int Seeds = 40;

    static readonly MethodInfo s_run = typeof(RandomEvolutionTests).GetMethod(nameof(Run), BindingFlags.NonPublic | BindingFlags.Static)!;

    [Fact]
    public void Read_AfterRandomSteps_KeepsTheKeptMembers() => Assert.InRange(ChangesOf(Fuzzing.First + 1, Fuzzing.First + (Seeds * Fuzzing.Times)), Seeds * Fuzzing.Times * 2, int.MaxValue);

    [Fact(Explicit = true)]
    public void Read_AfterManyMoreRandomSteps_KeepsTheKeptMembers() => Assert.InRange(ChangesOf(Seeds + 1, 500), 1_000, int.MaxValue);

    static int ChangesOf(int first, int last)
    {
        int changes = 0;
        for (int seed = first; seed <= last; seed++)
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

        return changes;
    }

    // Items of tuples have no names: which one is gone or new cannot be known.
    [Fact]
    public void Resolve_TuplesOfOtherLengths_IsRefusedWhereverTheyAre()
    {
        for (int seed = 1; seed <= 24; seed++)
        {
            Random random = new(seed);
            RandomShapes shapes = new(random);
            Shape.Tuple shorter = shapes.NewTuple(random.Next(1, 17), 2);
            Shape.Tuple longer = shorter with { Items = [.. shorter.Items, .. shapes.NewTuple(random.Next(1, 5), 2).Items] };
            (Shape.Tuple written, Shape.Tuple read) = random.Next(2) == 0 ? (shorter, longer) : (longer, shorter);
            int place = random.Next(6);
            SchemaResolution resolution = SchemaResolver.Resolve(Codec.Of(new ShapeTypes().Of(Around(written, place))).Schema, new ShapeTypes().Of(Around(read, place)), SchemaUse.Value, "value");
            Assert.Contains(resolution.Problems, p => p.Reason.StartsWith($"was a tuple of {written.Items.Count} items and is one of {read.Items.Count}", StringComparison.Ordinal));
            Assert.Null(resolution.Plan);
        }
    }

    static Shape Around(Shape inner, int place) => place switch
    {
        0 => inner,
        1 => new Shape.Many(inner),
        2 => new Shape.Set(inner, typeof(HashSet<>)),
        3 => new Shape.Map(inner, new Shape.Scalar(typeof(int))),
        4 => new Shape.Row("Around", [new(0, "Within", null, inner)], IsStruct: false),
        _ => new Shape.Union("Around", [new(0, null, "One", null, [new(1, "Within", null, inner)])]),
    };

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
            if (n == 0) Damage(writing, bytes, random);
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
