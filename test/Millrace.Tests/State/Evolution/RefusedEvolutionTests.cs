using System.ComponentModel;
using Millrace.Runtime.Planning;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

/// <summary>Changes that lose something: resolved where the program says how, otherwise refused when the job is planned, with state, member and cure.</summary>
public sealed class RefusedEvolutionTests
{
    static class V1
    {
        internal sealed record Order(int? Count, Level? Level, Place? At, decimal? Price, int Kept);
        internal enum Level { Low = 1, High = 2 }
        internal sealed record Place(string Street);
        internal sealed record Note(string Text);

        internal abstract record Mark
        {
            Mark() { }
            internal sealed record Even(int Number) : Mark;
            internal sealed record Odd(int Number) : Mark;
        }
    }

    static class Stated
    {
        internal sealed record Order(int Kept, int Count = 7, Level Level = Level.High, Place At = default, [property: DefaultValue("1.5")] decimal Price = 0);
        internal enum Level { Low = 1, High = 2 }
        internal readonly record struct Place(string? Street);
    }

    static class Unstated
    {
        internal sealed record Order(int Count, Level? Level, Place? At, decimal? Price, int Kept);
        internal enum Level { Low = 1, High = 2 }
        internal sealed record Place(string Street);
    }

    static class Wrong
    {
        internal sealed record Order([property: DefaultValue("many")] int Count, Level? Level, Place? At, decimal? Price, int Kept);
        internal enum Level { Low = 1, High = 2 }
        internal sealed record Place(string Street);
    }

    static class Merged
    {
        internal abstract record Mark
        {
            Mark() { }
            [FormerName("Odd")]
            internal sealed record Even(int Number) : Mark;
        }
    }

    static class AsHierarchy
    {
        internal abstract record Note
        {
            Note() { }
            internal sealed record Plain(string Text) : Note;
        }
    }

    internal sealed record NoteV1(string Text);

    internal abstract record Note : IUpgrade<Note, NoteV1>
    {
        Note() { }

        internal sealed record Plain(string Text) : Note;

        internal sealed record Rich(string Text, string Style) : Note;

        public static Note Upgrade(NoteV1 old) => new Plain(old.Text);
    }

    internal sealed record Sum(int Count, long Total, string? Label) : IUpgrade<Sum, (int, long)>
    {
        public static Sum Upgrade((int, long) old) => new(old.Item1, old.Item2, null);
    }

    [Fact]
    public void Read_WhereNothingMayBeAbsentAnyMore_TakesTheStatedDefault()
    {
        Assert.Equal(new Stated.Order(5, 3, Stated.Level.Low, new("Hill"), 9m), Read<V1.Order, Stated.Order>(new(3, V1.Level.Low, new("Hill"), 9m, 5)));
        Assert.Equal(new Stated.Order(5, 7, Stated.Level.High, default, 1.5m), Read<V1.Order, Stated.Order>(new(null, null, null, null, 5)));
        string[] changes = Changes<V1.Order, Stated.Order>();
        Assert.Contains("Order.Count may not be absent any more, default 7 where it was", changes.Select(Short));
        Assert.Contains("Order.Price may not be absent any more, default 1.5 where it was", changes.Select(Short));
        // In what tells entries apart, two would become one.
        Assert.Contains(Problems<V1.Order, Stated.Order>(SchemaUse.Distinct), static p => p.Contains("Order.Count may have been absent and cannot be any more, so that different ones could become one; declare it as", StringComparison.Ordinal));
        Assert.Contains(Problems<V1.Order, Stated.Order>(SchemaUse.Key), static p => p.Contains("so that different ones could become one", StringComparison.Ordinal));
    }

    [Fact]
    public void Plan_OfWhatMayNotBeAbsentAnyMore_IsRefusedWithTheCure()
    {
        AssertRefused<V1.Order, Unstated.Order>("Order.Count may have been absent and cannot be any more; declare it as int? again, or state what takes the place of null with [DefaultValue(…)]; or give the state up with --drop-state orders/last");
        AssertRefused<V1.Order, Wrong.Order>("Order.Count may have been absent and cannot be any more, and its stated default is no int; state one of its type");
        AssertRefused<int?, int>("value may have been absent and cannot be any more; declare it as int32? again, or make the new values from the old with IUpgrade");
        AssertRefused<List<int?>, List<int>>("value[] may have been absent and cannot be any more; declare it as int32? again");
        AssertRefused<(int?, int), (int, int)>("value.Item1 may have been absent and cannot be any more; declare it as int? again");
    }

    [Fact]
    public void Plan_OfATupleOfAnotherLength_IsRefused_AndARecordTakesItsPlace()
    {
        AssertRefused<(int, long), (int, long, string)>("value was a tuple of 2 items and is one of 3, which have no names to tell them by; declare it with 2 items again, or declare a record and make it from the tuple with IUpgrade");
        AssertRefused<(int, long), int>("value was (int32, int64) and is int32; declare it as (int32, int64) again");
        Assert.Equal(new Sum(3, 4, null), Read<(int, long), Sum>((3, 4)));
        Assert.Equal([new Sum(3, 4, null)], Read<List<(int, long)>, List<Sum>>([(3, 4)]));
    }

    /// <summary>IUpgrade does not apply where the new value has another hash, or may be equal to another: nobody is sent there.</summary>
    [Fact]
    public void Problems_OfKeys_NameTheHashAndACureThatWorks()
    {
        Assert.Equal(["value was string and is int32, whose hash is another, so that rows would be in the wrong place; declare it as string again, or re-key the state offline (docs/state.md)"],
            Problems<string, int>(SchemaUse.Key));
        Assert.Equal(["value was int64 and is int32, which does not hold all its values; declare it as int64 again, or re-key the state offline (docs/state.md)"], Problems<long, int>(SchemaUse.Key));
        string[] all =
        [
            .. Problems<NoteV1, Sum>(SchemaUse.Key), .. Problems<(int, long), (int, long, string)>(SchemaUse.Key), .. Problems<(int, string), (int, int)>(SchemaUse.Key),
            .. Problems<V1.Note, AsHierarchy.Note>(SchemaUse.Key), .. Problems<NoteV1, int>(SchemaUse.Key), .. Problems<Unstated.Order, Sum>(SchemaUse.Key),
        ];
        Assert.True(all.Length >= 6);
        Assert.All(all, static p => Assert.EndsWith(", or re-key the state offline (docs/state.md)", p, StringComparison.Ordinal));
        Assert.All(Problems<string, int>(SchemaUse.Distinct), static p => Assert.EndsWith("declare it as string again, or change the state offline (docs/state.md)", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Plan_OfARecordThatIsAHierarchyNow_IsRefused_UnlessItIsUpgraded()
    {
        AssertRefused<V1.Note, AsHierarchy.Note>("value was Note and is Note; it was one type and is a closed hierarchy; make the case that it is from the old with IUpgrade");
        AssertRefused<V1.Mark, Merged.Mark.Even>("value was Mark and is Even");
        Assert.Equal<Note>([new Note.Plain("x"), new Note.Rich("y", "bold")], [Read<V1.Note, Note>(new("x")), Read<Note, Note>(new Note.Rich("y", "bold"))]);
        Assert.Null(Read<V1.Note?, Note?>(null));
    }

    /// <summary>Two cases that become one are fine as values, and not where they tell entries apart: a map or set would lose one of two.</summary>
    [Fact]
    public void Plan_OfCasesThatBecomeOne_IsRefusedInKeys()
    {
        Assert.Equal([new Merged.Mark.Even(1), new Merged.Mark.Even(2)], Read<V1.Mark[], Merged.Mark[]>([new V1.Mark.Even(1), new V1.Mark.Odd(2)]));
        const string expected = "reads case Odd as RefusedEvolutionTests.Merged.Mark.Even, which another one is read as too, so that different ones could become one; keep both cases";
        AssertRefused<HashSet<V1.Mark>, HashSet<Merged.Mark>>(expected);
        AssertRefused<Dictionary<V1.Mark, int>, Dictionary<Merged.Mark, int>>(expected);
        Assert.Contains(expected, Assert.Single(Problems<V1.Mark, Merged.Mark>(SchemaUse.Distinct)), StringComparison.Ordinal);
    }

    internal sealed class Folded(string text) : IEquatable<Folded>, IComparable<Folded>
    {
        public string Text { get; } = text;

        public bool Equals(Folded? other) => string.Equals(Text, other?.Text, StringComparison.OrdinalIgnoreCase);

        public override bool Equals(object? obj) => obj is Folded other && Equals(other);

        public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Text);

        public int CompareTo(Folded? other) => StringComparer.OrdinalIgnoreCase.Compare(Text, other?.Text);
    }

    internal sealed record Ordered(string Text) : IComparable<Ordered>
    {
        public int CompareTo(Ordered? other) => StringComparer.OrdinalIgnoreCase.Compare(Text, other?.Text);
    }

    static class Exact
    {
        internal sealed record Folded(string Text);

        internal sealed record Ordered(string Text);
    }

    /// <summary>Types whose equality has become coarser: their schema is the same, and what was written says two where there is one now.</summary>
    [Fact]
    public void Read_ElementsThatHaveBecomeEqual_IsAnError()
    {
        AssertTwice<HashSet<Exact.Folded>, HashSet<Folded>>([new("a"), new("A")], "An element of a set occurs twice");
        AssertTwice<HashSet<Exact.Ordered>, SortedSet<Ordered>>([new("a"), new("A")], "An element of a set occurs twice");
        AssertTwice<Dictionary<Exact.Folded, int>, Dictionary<Folded, int>>(new() { [new("a")] = 1, [new("A")] = 2 }, "A key of a map occurs twice");
        AssertTwice<Dictionary<Exact.Ordered, int>, SortedDictionary<Ordered, int>>(new() { [new("a")] = 1, [new("A")] = 2 }, "are different, and one in its order");
        AssertTwice<Dictionary<Exact.Ordered, int>, SortedList<Ordered, int>>(new() { [new("a")] = 1, [new("A")] = 1 }, "are different, and one in its order");
        AssertTwice<Dictionary<Exact.Ordered, int>, System.Collections.Immutable.ImmutableSortedDictionary<Ordered, int>>(new() { [new("a")] = 1, [new("A")] = 1 }, "are different, and one in its order");
        Assert.Equal([new Ordered("a"), new Ordered("b")], Read<HashSet<Exact.Ordered>, SortedSet<Ordered>>([new("b"), new("a")]));
    }

    static void AssertTwice<TOld, TNew>(TOld value, string expected) =>
        Assert.Contains(expected, Assert.Throws<CorruptDataException>(() => Read<TOld, TNew>(value)).Message, StringComparison.Ordinal);

    static void AssertRefused<TOld, TNew>(string expected)
    {
        StateSchema Of(TypeSchema value) => new() { Name = "last", Layout = StateLayout.Keyed, Kind = "value", Key = Codec.OfKey<int>().Schema, Value = value };
        OperatorEntry written = new() { Id = "orders", Verb = "Process", Parallelism = 1, States = [new() { Schema = Of(Codec.Of<TOld>().Schema) }] };
        UpgradeLine line = Assert.Single(UpgradePlan.Compare([written], [new("orders", "Process", [Of(Codec.Of<TNew>().Schema)])], [], [], []));
        Assert.Equal(("orders", "last", StateFate.Incompatible), (line.Operator, line.State, line.Fate));
        Assert.Contains(expected, Short(line.Why), StringComparison.Ordinal);
    }

    static string Short(string text) => text.Replace("RefusedEvolutionTests.Stated.", "", StringComparison.Ordinal).Replace("RefusedEvolutionTests.Unstated.", "", StringComparison.Ordinal)
        .Replace("RefusedEvolutionTests.Wrong.", "", StringComparison.Ordinal).Replace("RefusedEvolutionTests.AsHierarchy.", "", StringComparison.Ordinal);
}
