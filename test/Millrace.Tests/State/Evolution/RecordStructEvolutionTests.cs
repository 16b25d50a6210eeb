using System.ComponentModel;
using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

/// <summary>Positional record structs: what is said of a parameter holds as it does for classes.</summary>
public sealed class RecordStructEvolutionTests
{
    static class V1
    {
        internal record struct Total(long Count, string? Note);
        internal readonly record struct Place(int Row);
        internal struct Plain
        {
            public int A { get; set; }
        }
    }

    static class V2
    {
        internal record struct Total([FormerName("Count")] long Sales, [FormerName("Note")] string? Comment, int Version = 2, [DefaultValue("web")] string Channel = "")
        {
            public int Priority { get; set; } = 7;
        }

        internal readonly record struct Place([FormerName("Row")] long Line)
        {
            public Place(int row, int column) : this(row * 10L + column)
            {
            }

            public long Twice { get; init; } = Line * 2;
        }

        internal struct Plain
        {
            public Plain(int b) => B = b;

            public int A { get; set; }

            public int B { get; set; }
        }
    }

    static class V3
    {
        internal record struct Total(long Count, string? Note, int Version);
    }

    [Fact]
    public void Read_RenamedParameters_KeepsWhatWasWritten()
    {
        V2.Total read = Read<V1.Total, V2.Total>(new(42, "late"));
        Assert.Equal((42L, "late", 2, "web", 7), (read.Sales, read.Comment, read.Version, read.Channel, read.Priority));
        V2.Place place = Read<V1.Place, V2.Place>(new(5));
        Assert.Equal((5L, 10L), (place.Line, place.Twice));
    }

    [Fact]
    public void Read_WhatWasWrittenAsItIs_KeepsWhatIsDeclaredBeside()
    {
        V2.Total total = new(1, null, 3, "shop") { Priority = 9 };
        Assert.Equal(total, Read<V2.Total, V2.Total>(total));
        V2.Place place = new(4) { Twice = 1 };
        Assert.Equal(place, Read<V2.Place, V2.Place>(place));
    }

    [Fact]
    public void Problems_OfParameterWithoutDefault_NameItAndTheCure() => Assert.StartsWith(
        "RecordStructEvolutionTests.V3.Total.Version was not written, is passed to the constructor and has no stated default; give the parameter a default value",
        Assert.Single(Problems<V1.Total, V3.Total>()), StringComparison.Ordinal);

    [Fact]
    public void Read_StructThatIsNoRecord_BeginsWithItsDefault() => Assert.Equal((3, 0), Read<V1.Plain, V2.Plain>(new() { A = 3 }) is var read ? (read.A, read.B) : default);
}
