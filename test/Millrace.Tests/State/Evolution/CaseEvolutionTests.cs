using Millrace.State.Codecs;
using Millrace.State.Evolution;
using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

public sealed class CaseEvolutionTests
{
    static class V1
    {
        internal enum Status : byte { New = 1, Paid = 2, Lost = 9 }

        [Flags] internal enum Marks { A = 1, B = 2 }

        internal abstract record Event
        {
            Event() { }
            internal sealed record Placed(int Id) : Event;
            internal sealed record Shipped(string To) : Event;
        }

        internal sealed record Held(Status Status, Status? Maybe, Event Event);
    }

    static class V2
    {
        internal enum Status : short { New = 10, Paid = 2, Sent = 3, [FormerName("Lost")] Gone = 9 }

        [Flags] internal enum Marks { A = 1, B = 2, C = 4 }

        internal abstract record Event
        {
            Event() { }
            internal sealed record Added(string? Reason) : Event;
            internal sealed record Placed(long Id, string? By) : Event;
            [FormerName("Shipped")] internal sealed record Sent(string To) : Event;
        }

        internal sealed record Held(Status Status, Status? Maybe, Event Event);
    }

    static class V3
    {
        internal enum Status : byte { New = 1, Paid = 2 }

        [Flags] internal enum Marks { A = 2, B = 1 }

        internal abstract record Event
        {
            Event() { }
            internal sealed record Placed(int Id) : Event;
        }

        internal sealed record Held(Status Status, Status? Maybe, Event Event);
    }

    [Fact]
    public void Read_Enumerations_GoesByName()
    {
        Assert.Equal([V2.Status.New, V2.Status.Paid, V2.Status.Gone], Read<V1.Status[], V2.Status[]>([V1.Status.New, V1.Status.Paid, V1.Status.Lost]));
        Assert.Equal(new V2.Held(V2.Status.New, V2.Status.Gone, new V2.Event.Placed(5, null)), Read<V1.Held, V2.Held>(new(V1.Status.New, V1.Status.Lost, new V1.Event.Placed(5))));
        Assert.Equal(V2.Marks.A | V2.Marks.B, Read<V1.Marks, V2.Marks>(V1.Marks.A | V1.Marks.B));
        // A number without a name stays what it is as long as no name has moved, and is no name's new number otherwise.
        Assert.Equal((V2.Marks)8, Read<V1.Marks, V2.Marks>((V1.Marks)8));
        Assert.Contains("no name in what was written", Assert.Throws<CorruptDataException>(() => Read<V1.Status, V2.Status>((V1.Status)3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_OfEnumeration_AreSaid()
    {
        string[] changes = Changes<V1.Status, V2.Status>();
        Assert.Contains(changes, static c => c.EndsWith("Status.New has the number 10 and had 1", StringComparison.Ordinal));
        Assert.Contains(changes, static c => c.EndsWith("Status.Gone renamed from Lost", StringComparison.Ordinal));
        Assert.Contains(changes, static c => c.EndsWith("Status.Sent new", StringComparison.Ordinal));
        Assert.Contains(changes, static c => c.EndsWith("Status widened from uint8 to int16", StringComparison.Ordinal));
    }

    [Fact]
    public void Problems_OfRemovedNamesAndCases_SayWhichAndTheCure()
    {
        string[] problems = Problems<V1.Held, V3.Held>();
        Assert.Contains(problems, static p => p.Contains("Status has no Lost any more, and what was written may have it; declare it again, or mark the name that takes its place with [FormerName(\"Lost\")]", StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.Contains("Event has no case Shipped any more, and what was written may have it; declare it again, or mark the case that takes its place with [FormerName(\"Shipped\")]", StringComparison.Ordinal));
        Assert.Contains("is [Flags] and has other numbers", Assert.Single(Problems<V1.Marks, V3.Marks>()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Hierarchy_GoesByCase()
    {
        V2.Event?[] expected = [new V2.Event.Placed(1, null), new V2.Event.Sent("Rome"), null];
        Assert.Equal(expected.AsEnumerable(), Read<V1.Event?[], V2.Event?[]>([new V1.Event.Placed(1), new V1.Event.Shipped("Rome"), null]));
        string[] changes = Changes<V1.Event, V2.Event>();
        Assert.Contains(changes, static c => c.Contains("has the new case", StringComparison.Ordinal) && c.EndsWith("Added", StringComparison.Ordinal));
        Assert.Contains(changes, static c => c.Contains("reads case Shipped as", StringComparison.Ordinal));
    }

    // A key's words are those of its members: numbers by value, members by name.
    internal sealed record Key1(int B, short A, string? C);

    static class Keys
    {
        internal sealed record Key1(string? C, long B, int? A);
    }

    static class Renamed
    {
        internal sealed record Key1([FormerName("B")] int Z, short A, string? C);
    }

    static class Kept
    {
        internal sealed record Key1([FormerName("B")] int Bb, short A, string? C);
    }

    static class Fewer
    {
        internal sealed record Key1(int B, short A);
    }

    static class More
    {
        internal sealed record Key1(int B, short A, string? C, string? D);
    }

    [Fact]
    public void Keys_ChangeOnlyWhereTheirHashDoesNot()
    {
        Assert.NotEmpty(Changes<int, long>(SchemaUse.Key));
        Assert.NotEmpty(Changes<float, double>(SchemaUse.Key));
        Assert.NotEmpty(Changes<Key1, Keys.Key1>(SchemaUse.Key));
        Assert.NotEmpty(Changes<Key1, Kept.Key1>(SchemaUse.Key));
        Key1 key = new(7, -2, "x");
        Assert.Equal(Millrace.State.KeyTypes.Of<Key1>().Hash(key), Millrace.State.KeyTypes.Of<Keys.Key1>().Hash(Read<Key1, Keys.Key1>(key)));
        Assert.Equal(Millrace.State.KeyTypes.Of<Key1>().Hash(key), Millrace.State.KeyTypes.Of<Kept.Key1>().Hash(Read<Key1, Kept.Key1>(key)));
        Assert.Contains("whose hash is another", Assert.Single(Problems<int, decimal>(SchemaUse.Key)), StringComparison.Ordinal);
        Assert.Contains("whose hash is another", Assert.Single(Problems<long, Int128>(SchemaUse.Key)), StringComparison.Ordinal);
        Assert.Contains("changes the order of names", Assert.Single(Problems<Key1, Renamed.Key1>(SchemaUse.Key)), StringComparison.Ordinal);
        Assert.Contains("is gone from a key", Assert.Single(Problems<Key1, Fewer.Key1>(SchemaUse.Key)), StringComparison.Ordinal);
        Assert.Contains("is new in a key", Assert.Single(Problems<Key1, More.Key1>(SchemaUse.Key)), StringComparison.Ordinal);
        Assert.Contains("are the hash of keys", Assert.Single(Problems<V1.Status, V2.Status>(SchemaUse.Key)), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_WidenWhereEveryValueIsKept()
    {
        foreach (string from in ScalarWidening.Numbers)
        {
            foreach (string to in ScalarWidening.Numbers)
            {
                if (!ScalarWidening.IsExact(from, to)) continue;
                typeof(CaseEvolutionTests).GetMethod(nameof(Widens), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                    .MakeGenericMethod(ScalarWidening.TypeOf(from)!, ScalarWidening.TypeOf(to)!).Invoke(null, [from, to]);
            }
        }

        Assert.False(ScalarWidening.IsExact("int64", "float64") || ScalarWidening.IsExact("uint64", "int64") || ScalarWidening.IsExact("int32", "uint64") || ScalarWidening.IsExact("float64", "decimal"));
    }

    static void Widens<TFrom, TTo>(string from, string to) where TFrom : struct, System.Numerics.INumber<TFrom>, System.Numerics.IMinMaxValue<TFrom> where TTo : struct, System.Numerics.INumber<TTo>
    {
        foreach (TFrom value in new[] { TFrom.MinValue, TFrom.MaxValue, TFrom.Zero, TFrom.One, TFrom.CreateChecked(100) })
        {
            TTo read = Read<TFrom, TTo>(value);
            Assert.True(TTo.CreateChecked(value) == read && TFrom.CreateChecked(read) == value, $"{value} of {from} as {to} is {read}");
            if (ScalarWidening.KeepsHash(from, to)) Assert.Equal(Millrace.State.KeyTypes.Of<TFrom>().Hash(value), Millrace.State.KeyTypes.Of<TTo>().Hash(read));
        }
    }
}
