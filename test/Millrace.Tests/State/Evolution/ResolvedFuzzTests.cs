using System.Collections.Immutable;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Offline;

namespace Millrace.Tests.State.Evolution;

/// <summary>Readers of every kind that read one type as another, with damaged bytes: a value or a typed error, never another exception; what is cut off is never a value.</summary>
public sealed class ResolvedFuzzTests
{
    static class Before
    {
        internal enum Level : byte { Low = 1, High = 4 }

        internal abstract record Mark
        {
            Mark() { }
            internal sealed record Even(int Number, string? By) : Mark;
            internal sealed record Odd(List<Mark> Inside) : Mark;
        }

        internal sealed record Old(string Text);

        internal sealed record All(
            int? Count, Mark? Mark, HashSet<short> Set, Dictionary<Level, Mark> Map, (int, string?, float) Tuple, Queue<Level?> Queue, Old Upgraded, Uri? Gone, decimal[]? AlsoGone, SortedSet<int> Sorted);
    }

    static class After
    {
        internal enum Level : short { None, High = 40, [FormerName("Low")] Small = 1 }

        internal abstract record Mark
        {
            Mark() { }
            internal sealed record Even(long Number, string? By, bool IsNew = true) : Mark;
            internal sealed record None : Mark;
            [FormerName("Odd")] internal sealed record Uneven(ImmutableArray<Mark> Inside) : Mark;
        }

        internal sealed record Form(string Text);

        internal sealed record Now(int Length, string Note) : IUpgrade<Now, Form>
        {
            public static Now Upgrade(Form old) => new(old.Text?.Length ?? -1, "upgraded");
        }

        internal sealed record All(
            Mark? Mark, ImmutableHashSet<long> Set, SortedDictionary<Level, Mark> Map, (long, string?, double) Tuple, List<Level?> Queue, [FormerName("Upgraded")] Now Renamed, List<decimal> Sorted, long Count = -5);
    }

    [Fact]
    public void Read_EveryKind_KeepsWhatWasWritten()
    {
        SchemaResolution resolution = SchemaResolver.Resolve(Codec.Of<Before.All>().Schema, typeof(After.All), SchemaUse.Value, "value");
        Assert.True(resolution.IsCompatible, string.Join("; ", resolution.Problems));
        Codec<After.All> reading = Codec.Of<After.All>().ReadingFrom(Codec.Of<Before.All>().Schema);
        foreach (int seed in Fuzzing.Seeds(200))
        {
            Before.All old = New(new Random(seed));
            After.All now = reading.Decode(Codec.Of<Before.All>().Encode(old));
            Assert.Equal(old.Count ?? -5, now.Count);
            Assert.Equal(Text(old.Mark), Text(now.Mark));
            Assert.Equal(old.Set.Select(static s => (long)s).Order(), now.Set.Order());
            Assert.Equal(old.Map.OrderBy(static p => $"{p.Key}", StringComparer.Ordinal).Select(static p => $"{p.Key} {Text(p.Value)}"),
                now.Map.Select(static p => $"{Name(p.Key)} {Text(p.Value)}").Order(StringComparer.Ordinal));
            Assert.Equal(((long)old.Tuple.Item1, old.Tuple.Item2, (double)old.Tuple.Item3), now.Tuple);
            Assert.Equal(old.Queue.Select(static l => $"{l}"), now.Queue.Select(static l => l is null ? "" : Name(l.Value)));
            Assert.Equal(new After.Now(old.Upgraded.Text.Length, "upgraded"), now.Renamed);
            Assert.Equal(old.Sorted.Select(static n => (decimal)n), now.Sorted);
        }
    }

    [Fact]
    public void Read_DamagedBytes_GivesAValueOrATypedError()
    {
        int refused = Damaged<Before.All, After.All>(New) + Damaged<Before.Old, After.Now>(static r => new($"{r.Next()}"))
            + Damaged<List<Before.Old>, List<After.Now>>(static r => [.. Enumerable.Range(0, r.Next(5)).Select(static n => new Before.Old($"{n}"))])
            + Damaged<Before.Level[], After.Level[]>(static r => [.. Enumerable.Range(0, r.Next(1, 9)).Select(_ => NewLevel(r))])
            + Damaged<HashSet<(short, Before.Level)>, HashSet<(long, After.Level)>>(static r => [.. Enumerable.Range(0, r.Next(1, 9)).Select(_ => ((short)r.Next(9), NewLevel(r)))]);
        Assert.InRange(refused, 5_000, int.MaxValue);
    }

    static int Damaged<TOld, TNew>(Func<Random, TOld> make)
    {
        Codec<TNew> reading = Codec.Of<TNew>().ReadingFrom(Codec.Of<TOld>().Schema);
        ValueSchema offline = ValueSchema.Of(Codec.Of<TOld>().Schema);
        int refused = 0;
        foreach (int seed in Fuzzing.Seeds(60))
        {
            Random random = new(seed);
            byte[] bytes = Codec.Of<TOld>().Encode(make(random));
            for (int length = 0; length < bytes.Length; length++) Assert.Throws<CorruptDataException>(() => reading.Decode(bytes.AsSpan(0, length)));
            for (int n = 0; n < 100; n++)
            {
                byte[] damaged = [.. bytes];
                for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                if (!TryRead(damaged, reading.Decode)) refused++;
                TryRead(damaged, b => offline.Decode(b));
            }
        }

        return refused;
    }

    static bool TryRead<T>(byte[] bytes, Func<ReadOnlySpan<byte>, T> read)
    {
        try
        {
            read(bytes);
            return true;
        }
        catch (CorruptDataException)
        {
            return false;
        }
    }

    static Before.All New(Random random) => new(
        random.Next(3) == 0 ? null : random.Next(), random.Next(4) == 0 ? null : NewMark(random, 0), [.. Enumerable.Range(0, random.Next(5)).Select(_ => (short)random.Next())],
        new Dictionary<Before.Level, Before.Mark> { [NewLevel(random)] = NewMark(random, 0) }, (random.Next(), random.Next(2) == 0 ? null : "x", random.NextSingle()),
        new(Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(3) == 0 ? (Before.Level?)null : NewLevel(random))), new($"text {random.Next()}"),
        random.Next(2) == 0 ? null : new("http://h/p"), random.Next(2) == 0 ? null : [1.5m, 2m], [.. Enumerable.Range(0, random.Next(4))]);

    static Before.Level NewLevel(Random random) => random.Next(2) == 0 ? Before.Level.Low : Before.Level.High;

    static Before.Mark NewMark(Random random, int depth) => depth > 2 || random.Next(2) == 0
        ? new Before.Mark.Even(random.Next(), random.Next(2) == 0 ? null : "ann")
        : new Before.Mark.Odd([.. Enumerable.Range(0, random.Next(3)).Select(_ => NewMark(random, depth + 1))]);

    static string Text(Before.Mark? mark) => mark switch
    {
        null => "none",
        Before.Mark.Even even => $"{even.Number} {even.By}",
        Before.Mark.Odd odd => $"[{string.Join(", ", odd.Inside.Select(Text))}]",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static string Text(After.Mark? mark) => mark switch
    {
        null => "none",
        After.Mark.Even { IsNew: true } even => $"{even.Number} {even.By}",
        After.Mark.Uneven odd => $"[{string.Join(", ", odd.Inside.Select(Text))}]",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static string Name(After.Level level) => level == After.Level.Small ? "Low" : $"{level}";
}
