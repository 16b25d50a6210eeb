using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Every change of <c>docs/evolution.md</c>, section "What may change", and of those that are refused, each as a state of its own.</summary>
static class EvolvingTypes
{
    static class V1
    {
        internal sealed record Added(int A);
        internal sealed record Required(int A);
        internal sealed record Removed(int A, string B, int[] C);
        internal sealed record Moved(int A, string B, long C);
        internal sealed record Member(int Sum, string B);
        internal sealed record OldName(int A);
        internal sealed record Wide(int A, float B, byte[] C);
        internal sealed record Absent(int A, Point B);
        internal readonly record struct Point(short X);
        internal sealed record Stated(int? A, decimal? B);
        internal enum Level : byte { Low = 1, High = 2 }
        internal sealed record Line(string Product, short Count);
        internal sealed record Order(List<Line> Lines, Dictionary<short, Line> ByNumber, HashSet<int> Marks, Line[][] Nested);
        internal sealed record Tree(int Value, List<Tree> Children);
        internal readonly record struct Span(int From, int To);
        internal sealed record Price(string Text);

        internal abstract record Event
        {
            Event() { }
            internal sealed record Placed(int Id) : Event;
            internal sealed record Shipped(string To) : Event;
        }

        [Flags] internal enum Marks { A = 1, B = 2 }
    }

    static class V2
    {
        internal sealed record Added(int A, int B = 5, string? C = null);

        internal sealed record Required
        {
            public required int A { get; init; }

            [DefaultValue("web")] public required string Channel { get; init; }

            [DefaultValue(7)] public required int Priority { get; init; }
        }

        internal sealed record Removed(int A);
        internal sealed record Moved(long C, string B, int A);
        internal sealed record Member([FormerName("Sum")] int Amount, string B);
        [FormerName("OldName")] internal sealed record NewName(int A);
        internal sealed record Wide(long A, double B, byte[] C);
        internal sealed record Absent(int? A, Point? B);
        internal sealed record Point(int X, string? Label);
        internal sealed record Stated(int A = 9, [property: DefaultValue("1.5")] decimal B = 0);
        internal enum Level : short { None = 0, High = 20, Low = 1, Top = 30 }
        internal sealed record Line(int? Count, string Product, bool IsGift = true);
        internal sealed record Order(ImmutableArray<Line> Lines, SortedDictionary<int, Line> ByNumber, List<long> Marks, List<Line[]> Nested);
        internal sealed record Tree(long Value, List<Tree> Children, string? Note);
        internal readonly record struct Span([FormerName("From")] long Start, int To, int Step = 1);

        internal abstract record Event
        {
            Event() { }
            internal sealed record Cancelled(string Why) : Event;
            internal sealed record Placed(long Id, string? By) : Event;
            [FormerName("Shipped")] internal sealed record Sent(string To) : Event;
        }
    }

    static class V3
    {
        internal sealed record Added(int A, int B);
        internal sealed record Removed(int A, int B, int[] C);
        internal sealed record OtherName(int A);
        internal sealed record Wide(short A, float B, byte[] C);
        internal sealed record Stated(int A, decimal? B);
        internal enum Level : byte { Low = 1 }
        internal sealed record Order(List<Line> Lines, Dictionary<short, Line> ByNumber, HashSet<int> Marks, Line[][] Nested);
        internal sealed record Line(string Product, Guid Count);

        internal abstract record Event
        {
            Event() { }
            internal sealed record Placed(int Id) : Event;
        }

        [Flags] internal enum Marks { A = 2, B = 1 }
    }

    internal sealed record PriceV1(string Text);

    internal sealed record PriceV2(int Cents) : IUpgrade<PriceV2, PriceV1>
    {
        public static PriceV2 Upgrade(PriceV1 old) => new(int.Parse(old.Text, CultureInfo.InvariantCulture));
    }

    internal sealed record PriceV3(decimal Value) : IUpgrade<PriceV3, PriceV2>
    {
        public static PriceV3 Upgrade(PriceV2 old) => new(old.Cents / 100m);
    }

    internal sealed record Price(decimal Value, string Currency) : IUpgrade<Price, PriceV3>
    {
        public static Price Upgrade(PriceV3 old) => new(old.Value, "EUR");
    }

    /// <summary>Changes that are read.</summary>
    public static readonly EvolvingState[] Read =
    [
        new EvolvingState<V1.Added, V2.Added>("added", static n => new(n), static n => new(n), "Added.B new, default 5", "Added.C new, default null"),
        new EvolvingState<V1.Required, V2.Required>("required", static n => new(n), static n => new() { A = n, Channel = "web", Priority = 7 }, "Required.Channel new, default \"web\"", "Required.Priority new, default 7"),
        new EvolvingState<V1.Removed, V2.Removed>("removed", static n => new(n, $"{n}", [n, n]), static n => new(n), "Removed.B removed", "Removed.C removed"),
        new EvolvingState<V1.Moved, V2.Moved>("moved", static n => new(n, $"{n}", n * 2L), static n => new(n * 2L, $"{n}", n), "Moved has its members in another order"),
        new EvolvingState<V1.Member, V2.Member>("renamed member", static n => new(n, "b"), static n => new(n, "b"), "Member.Amount renamed from Sum"),
        new EvolvingState<V1.OldName, V2.NewName>("renamed type", static n => new(n), static n => new(n), "5 rows"),
        new EvolvingState<V1.Wide, V2.Wide>("widened", static n => new(n, n / 2f, [1, 2]), static n => new(n, n / 2f, [1, 2]), "Wide.A widened from int32 to int64", "Wide.B widened from float32 to float64"),
        new EvolvingState<int, int?>("absent", static n => n, static n => n, "may be absent now"),
        new EvolvingState<V1.Absent, V2.Absent>("absent member", static n => new(n, new((short)n)), static n => new(n, new(n, null)), "Absent.A may be absent now", "Point.X widened from int16 to int32", "Point.Label new, default null"),
        new EvolvingState<V1.Stated, V2.Stated>(
            "not absent", static n => n % 2 == 0 ? new(n, n) : new(null, null), static n => n % 2 == 0 ? new(n, n) : new(9, 1.5m), "Stated.A may not be absent any more, default 9 where it was"),
        new EvolvingState<V1.Level, V2.Level>("enumeration", static n => n % 2 == 0 ? V1.Level.Low : V1.Level.High, static n => n % 2 == 0 ? V2.Level.Low : V2.Level.High, "Level.Top new", "Level.High has the number 20 and had 2", "Level widened from uint8 to int16"),
        new EvolvingState<V1.Order, V2.Order>(
            "collections", static n => new([new("tea", (short)n)], new() { [3] = new("pot", 1) }, [n], [[new("cup", 2)]]),
            static n => new([new(n, "tea")], new() { [3] = new(1, "pot") }, [n], [[new(2, "cup")]]), "Line.Count widened from int16 to int32", "Line.Count may be absent now", "Line.IsGift new, default True"),
        new EvolvingState<V1.Tree, V2.Tree>("recursive", static n => new(n, [new(n + 1, [])]), static n => new(n, [new(n + 1, [], null)], null), "Tree.Value widened from int32 to int64", "Tree.Note new, default null"),
        new EvolvingState<V1.Span, V2.Span>("struct", static n => new(n, n + 1), static n => new(n, n + 1, 1), "Span.Start renamed from From", "Span.Step new, default 1"),
        new EvolvingState<V1.Event, V2.Event>(
            "hierarchy", static n => n % 2 == 0 ? new V1.Event.Placed(n) : new V1.Event.Shipped("Rome"), static n => n % 2 == 0 ? new V2.Event.Placed(n, null) : new V2.Event.Sent("Rome"), "has the new case", "reads case Shipped as", "Placed.Id widened from int32 to int64"),
        new EvolvingState<(int, float), (long, double)>("tuple", static n => (n, n / 2f), static n => (n, n / 2f), "widened from int32 to int64"),
        new EvolvingState<SortedSet<int>, List<long>>("set", static n => [n, n + 1], static n => [n, n + 1], "widened from int32 to int64"),
        new EvolvingState<V1.Price, Price>("chain", static n => new($"{n * 100}"), static n => new(n, "EUR"), "PriceV2 upgraded from", "PriceV3 upgraded from", "Price upgraded from"),
    ];

    /// <summary>Changes that are refused, with the member and the cure.</summary>
    public static readonly EvolvingState[] Refused =
    [
        new EvolvingState<V1.Added, V3.Added>("added", static n => new(n), static n => new(n, 0), "Added.B ", "[DefaultValue("),
        new EvolvingState<V1.Removed, V3.Removed>("other type", static n => new(n, "", []), static n => new(n, 0, []), "Removed.B was string and is int32; declare it as string again, or make the new values from the old with IUpgrade"),
        new EvolvingState<V1.OldName, V3.OtherName>("other name", static n => new(n), static n => new(n), "[FormerName(\"OldName\")]"),
        new EvolvingState<V1.Wide, V3.Wide>("narrowed", static n => new(n, n, []), static n => new((short)n, n, []), "Wide.A was int32 and is int16, which does not hold all its values; declare it as int32 again"),
        new EvolvingState<V1.Stated, V3.Stated>("not absent", static n => new(n, n), static n => new(n, n), "Stated.A may have been absent and cannot be any more; declare it as int? again, or state what takes the place of null with [DefaultValue(…)]"),
        new EvolvingState<V1.Level, V3.Level>("enumeration", static n => V1.Level.High, static n => V3.Level.Low, "Level has no High any more, and what was written may have it; declare it again, or mark the name that takes its place with [FormerName(\"High\")]"),
        new EvolvingState<V1.Marks, V3.Marks>("flags", static n => V1.Marks.A, static n => V3.Marks.A, "is [Flags] and has other numbers"),
        new EvolvingState<V1.Order, V3.Order>("nested", static n => new([], [], [], []), static n => new([], [], [], []), "Line.Count was int16 and is guid; declare it as int16 again"),
        new EvolvingState<V1.Event, V3.Event>("hierarchy", static n => new V1.Event.Placed(n), static n => new V3.Event.Placed(n), "Event has no case Shipped any more, and what was written may have it; declare it again, or mark the case that takes its place with [FormerName(\"Shipped\")]"),
        new EvolvingState<(int, long), (int, long, string)>("tuple", static n => (n, n), static n => (n, n, ""), "was a tuple of 2 items and is one of 3"),
        new EvolvingState<List<int>, SortedSet<int>>("list", static n => [n, n], static n => [n], "declare it as"),
        new EvolvingState<byte[], List<byte>>("bytes", static n => [1], static n => [1], "was bytes and is list<uint8>; declare it as bytes again"),
        new EvolvingState<long, double>("double", static n => n, static n => n, "was int64 and is float64, which does not hold all its values"),
    ];

    static class K1
    {
        internal sealed record Key(int B, short A, string? C);
        internal readonly record struct Place(int Row, int Seat);
        internal enum Level { Low = 1, High = 2 }
    }

    static class K2
    {
        internal sealed record Key(string? C, long B, int? A);
        internal readonly record struct Place(long Row, [FormerName("Seat")] int Sitz);
        internal enum Level : long { Low = 1, High = 2, Top = 3 }
    }

    static class K3
    {
        internal sealed record Key([FormerName("B")] int Z, short A, string? C);
        internal readonly record struct Place(int Row);
        internal enum Level { Low = 10, High = 2 }
    }

    static class K4
    {
        internal sealed record Key(int B, short A, string? C, string? D);
    }

    /// <summary>Keys whose rows stay where they are.</summary>
    public static readonly EvolvingKey[] Keys =
    [
        new EvolvingKey<int, long>("int to long", static n => (n % 7) - 3, static n => (n % 7) - 3, "key widened from int32 to int64"),
        new EvolvingKey<byte, int>("byte to int", static n => (byte)(n % 7), static n => n % 7, "key widened from uint8 to int32"),
        new EvolvingKey<ushort, ulong>("ushort to ulong", static n => (ushort)(n % 7), static n => (ulong)(n % 7), "key widened from uint16 to uint64"),
        new EvolvingKey<float, double>("float to double", static n => (n % 7) / 2f, static n => (n % 7) / 2f, "key widened from float32 to float64"),
        new EvolvingKey<K1.Key, K2.Key>("record", static n => new((n % 7) - 3, (short)(n % 7), $"{n % 7}"), static n => new($"{n % 7}", (n % 7) - 3, n % 7), "Key.B widened from int32 to int64", "Key.A may be absent now"),
        new EvolvingKey<K1.Place, K2.Place>("struct", static n => new(n % 7, 3), static n => new(n % 7, 3), "Place.Sitz renamed from Seat"),
        new EvolvingKey<K1.Level, K2.Level>("enumeration", static n => n % 2 == 0 ? K1.Level.Low : K1.Level.High, static n => n % 2 == 0 ? K2.Level.Low : K2.Level.High, "Level.Top new"),
    ];

    /// <summary>Keys whose rows would be elsewhere.</summary>
    public static readonly EvolvingKey[] RefusedKeys =
    [
        new EvolvingKey<int, decimal>("int to decimal", static n => n % 7, static n => n % 7, "whose hash is another"),
        new EvolvingKey<long, Int128>("long to Int128", static n => n % 7, static n => n % 7, "whose hash is another"),
        new EvolvingKey<int, string>("int to string", static n => n % 7, static n => $"{n % 7}", "key was int32 and is string, whose hash is another"),
        new EvolvingKey<K1.Key, K3.Key>("order of names", static n => new(n % 7, 1, null), static n => new(n % 7, 1, null), "changes the order of names"),
        new EvolvingKey<K1.Key, K4.Key>("new member", static n => new(n % 7, 1, null), static n => new(n % 7, 1, null, null), "is new in a key"),
        new EvolvingKey<K1.Place, K3.Place>("member gone", static n => new(n % 7, 1), static n => new(n % 7), "is gone from a key"),
        new EvolvingKey<K1.Level, K3.Level>("other numbers", static n => K1.Level.High, static n => K3.Level.High, "are the hash of keys"),
    ];
}
