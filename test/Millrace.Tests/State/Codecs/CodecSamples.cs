using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Millrace.Tests.State.Codecs;

/// <summary>Types of every supported shape, and random values of them from a seed.</summary>
internal static class CodecSamples
{
    internal enum Color : short { Red = -1, Green = 5, Blue = 300 }

    internal sealed record Line(string? Product, int Count, decimal Price);

    internal record Order(Guid Id, DateTimeOffset At, ImmutableArray<Line?> Lines, Color Color, int? Discount, string? Note)
    {
        public Line? Gift { get; init; }
        public string Label => $"{Id}: {Note}";
    }

    internal readonly record struct Point(double X, float Y, Half Z);

    internal struct Plain
    {
        public int Field;
        public string? Name { get; set; }
    }

    internal sealed class Account
    {
        public Account() => Opened++;
        public required string Owner { get; init; }
        public long Balance { get; private set; }
        public List<int>? History { get; set; }
        public Dictionary<string, Point?>? Marks;
        [NotStored] public int Opened { get; private set; }
        public void Deposit(long amount) => Balance += amount;
    }

    internal abstract record Event
    {
        Event() { }
        internal sealed record Created(string Name, DateTime At) : Event;
        internal sealed record Moved(Point To, (int, string?)? Why) : Event;
        internal abstract record Ended : Event
        {
            internal sealed record Well : Ended;
            internal sealed record Badly(Event? Cause) : Ended;
        }
    }

    [StateTypes(typeof(Circle), typeof(Square))]
    internal interface IShape;
    internal sealed record Circle(double Radius) : IShape;
    internal readonly record struct Square(double Side) : IShape;

    internal sealed record Tree(int Value, ImmutableList<Tree>? Children);

    internal sealed record Chain(int Value, Chain? Next);

    internal sealed record Nothing;

    internal sealed record Generic<T>(T Item, T[] Items);

    internal sealed record Everything(
        bool Bool, sbyte SByte, byte Byte, short Short, ushort UShort, int Int, uint UInt, long Long, ulong ULong, Int128 Big, UInt128 UBig, char Char,
        Rune Rune, Half Half, float Float, double Double, decimal Decimal, string? Text, byte[]? Bytes, Guid Guid, DateTime Time, DateTimeOffset At,
        TimeSpan Span, DateOnly Date, TimeOnly Clock, BigInteger Number, Uri? Uri, Version? Version, Color Color)
    {
        public Collections? Collections { get; init; }
        public IShape? Shape { get; init; }
        public Event? Event { get; init; }
    }

    internal sealed class Collections
    {
        public int[]? Array { get; init; }
        public List<string?>? List { get; init; }
        public HashSet<long>? HashSet { get; init; }
        public SortedSet<string>? SortedSet { get; init; }
        public Queue<int>? Queue { get; init; }
        public Stack<int>? Stack { get; init; }
        public LinkedList<int?>? LinkedList { get; init; }
        public IReadOnlyList<Point>? ReadOnlyList { get; init; }
        public IList<int>? IList { get; init; }
        public ImmutableArray<int> ImmutableArray { get; init; }
        public ImmutableHashSet<Color>? ImmutableHashSet { get; init; }
        public FrozenSet<int>? FrozenSet { get; init; }
        public Dictionary<string, List<int>?>? Dictionary { get; init; }
        public SortedDictionary<int, string?>? SortedDictionary { get; init; }
        public ImmutableDictionary<Guid, Line?>? ImmutableDictionary { get; init; }
        public FrozenDictionary<string, int>? FrozenDictionary { get; init; }
        public IReadOnlyDictionary<int, int[][]>? ReadOnlyDictionary { get; init; }
        public KeyValuePair<int, string?> Pair { get; init; }
        public Tuple<int, string?>? Tuple { get; init; }
        public (int A, (string? B, int? C) D) Nested { get; init; }
    }

    internal static Everything NewEverything(Random random) => new(
        random.Next(2) == 0, (sbyte)random.Next(), (byte)random.Next(), (short)random.Next(), (ushort)random.Next(), NewInt(random), (uint)NewInt(random),
        NewLong(random), (ulong)NewLong(random), new Int128((ulong)NewLong(random), (ulong)NewLong(random)), (UInt128)(ulong)NewLong(random), (char)random.Next(65_536),
        new Rune(random.Next(0xd800)), (Half)random.NextDouble(), random.NextSingle(), BitConverter.Int64BitsToDouble(random.NextInt64()), NewDecimal(random), NewText(random), NewBytes(random),
        new Guid(NewBytesOf(random, 16)), new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), (DateTimeKind)random.Next(3)),
        new DateTimeOffset(random.NextInt64(TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay) / 600_000_000 * 600_000_000, TimeSpan.FromMinutes(random.Next(-840, 841))),
        new TimeSpan(NewLong(random)), DateOnly.FromDayNumber(random.Next(DateOnly.MaxValue.DayNumber)), new TimeOnly(random.NextInt64(TimeSpan.TicksPerDay)),
        new BigInteger(NewBytesOf(random, random.Next(40))), random.Next(3) == 0 ? null : new Uri($"http://host/{random.Next()}"), NewVersion(random), (Color)random.Next(-5, 5))
    {
        Collections = random.Next(4) == 0 ? null : NewCollections(random),
        Shape = random.Next(3) switch { 0 => null, 1 => new Circle(random.NextDouble()), _ => new Square(random.Next()) },
        Event = NewEvent(random),
    };

    internal static Event? NewEvent(Random random) => random.Next(6) switch
    {
        0 => null,
        1 => new Event.Created(NewText(random) ?? "", DateTime.UnixEpoch),
        2 => new Event.Moved(new Point(1, 2, (Half)3), null),
        3 => new Event.Moved(new Point(random.NextDouble(), -0f, Half.NaN), (random.Next(), NewText(random))),
        4 => new Event.Ended.Well(),
        _ => new Event.Ended.Badly(NewEvent(random)),
    };

    internal static Collections NewCollections(Random random)
    {
        // A frozen set of more has its elements in an order that depends on that in which they came, so two equal ones are written differently.
        const int FewElements = 4;
        int[] some = [.. Enumerable.Range(0, random.Next(20)).Select(_ => NewInt(random)).Distinct()];
        return new()
        {
            Array = random.Next(3) == 0 ? null : some, List = [.. some.Select(_ => NewText(random))], HashSet = [.. some],
            SortedSet = [.. some.Select(i => $"{i}")], Queue = new(some), Stack = new(some), LinkedList = new(some.Select(i => i % 2 == 0 ? (int?)i : null)),
            ReadOnlyList = [.. some.Select(i => new Point(i, i, default))], IList = [.. some], ImmutableArray = [.. some],
            ImmutableHashSet = [.. some.Select(i => (Color)(short)i)], FrozenSet = some.Take(FewElements).ToFrozenSet(),
            Dictionary = some.ToDictionary(i => $"k{i}", i => i % 3 == 0 ? null : new List<int> { i }), SortedDictionary = new(some.ToDictionary(i => i, _ => NewText(random))),
            ImmutableDictionary = some.ToImmutableDictionary(_ => new Guid(NewBytesOf(random, 16)), i => i % 2 == 0 ? null : new Line(NewText(random), i, NewDecimal(random))),
            FrozenDictionary = some.ToFrozenDictionary(i => $"{i}"), ReadOnlyDictionary = some.ToDictionary(i => i, i => new int[][] { [i], [] }),
            Pair = new(random.Next(), NewText(random)), Tuple = random.Next(2) == 0 ? null : new(random.Next(), NewText(random)),
            Nested = (1, (NewText(random), random.Next(2) == 0 ? null : random.Next())),
        };
    }

    // Any UTF-16 code units, lone surrogates included, and lengths around the limits of the short form.
    internal static string? NewText(Random random) => random.Next(6) switch
    {
        0 => null,
        1 => "",
        2 => new string([.. Enumerable.Range(0, random.Next(60)).Select(_ => (char)random.Next(65_536))]),
        3 => new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => (char)random.Next(0xd7f0, 0xe010))]),
        4 => new string('x', random.Next(35, 300)),
        _ => $"user-{random.Next()}",
    };

    static int NewInt(Random random) => (int)NewLong(random);

    static long NewLong(Random random) => (random.NextInt64() - (long.MaxValue / 2)) >> random.Next(64);

    static decimal NewDecimal(Random random) => new(NewInt(random), NewInt(random), random.Next(2) == 0 ? 0 : NewInt(random), random.Next(2) == 0, (byte)random.Next(29));

    static byte[]? NewBytes(Random random) => random.Next(4) == 0 ? null : NewBytesOf(random, random.Next(50));

    static byte[] NewBytesOf(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    static Version? NewVersion(Random random) => random.Next(4) switch { 0 => null, 1 => new(1, 2), 2 => new(1, 2, random.Next()), _ => new(0, 2, 3, random.Next()) };
}
