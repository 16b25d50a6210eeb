using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

/// <summary>Which case a written one is, where names alone do not tell.</summary>
public sealed class CaseMatchingTests
{
    static class V1
    {
        internal abstract record Result<T>
        {
            Result() { }
            internal sealed record Right(T Value) : Result<T>;
            internal sealed record Wrong(T Value) : Result<T>;
        }

        internal abstract record Shape
        {
            Shape() { }

            internal abstract record Round : Shape
            {
                Round() { }
                internal sealed record Small(int Size) : Round;
                internal sealed record Large(int Size) : Round;
            }

            internal abstract record Square : Shape
            {
                Square() { }
                internal sealed record Small(int Size) : Square;
            }
        }

        internal sealed record Item<T>(T Value) : IItem;

        [StateTypes(typeof(Item<short>), typeof(Item<int>))]
        internal interface IItem;

        internal enum Level { Low = 1, Least = 1, High = 2 }
    }

    static class V2
    {
        internal abstract record Result<T>
        {
            Result() { }
            internal sealed record Right(T Value) : Result<T>;
            internal sealed record Wrong(T Value) : Result<T>;
        }

        internal abstract record Shape
        {
            Shape() { }

            internal abstract record Round : Shape
            {
                Round() { }
                internal sealed record Small(long Size) : Round;
                internal sealed record Large(int Size) : Round;
            }

            internal abstract record Square : Shape
            {
                Square() { }
                internal sealed record Small(long Size) : Square;
            }
        }

        internal sealed record Item<T>(T Value) : IItem;

        [StateTypes(typeof(Item<short>), typeof(Item<int>))]
        internal interface IItem;

        internal enum Level { Low = 5, Least = 1, High = 2 }
    }

    static class WithoutRound
    {
        internal abstract record Shape
        {
            Shape() { }
            internal sealed record Large(int Size) : Shape;

            internal abstract record Square : Shape
            {
                Square() { }
                internal sealed record Small(int Size) : Square;
            }
        }
    }

    static class Doubtful
    {
        internal abstract record Shape
        {
            Shape() { }

            internal abstract record Oval : Shape
            {
                Oval() { }
                internal sealed record Small(int Size) : Oval;
                internal sealed record Large(int Size) : Oval;
            }

            internal abstract record Flat : Shape
            {
                Flat() { }
                internal sealed record Small(int Size) : Flat;
            }
        }
    }

    static class Said
    {
        const string V1Name = "Millrace.Tests.State.Evolution.CaseMatchingTests.V1.Shape";

        internal abstract record Shape
        {
            Shape() { }

            internal abstract record Oval : Shape
            {
                Oval() { }
                [FormerName($"{V1Name}.Round.Small")] internal sealed record Small(int Size) : Oval;
                internal sealed record Large(int Size) : Oval;
            }

            internal abstract record Flat : Shape
            {
                Flat() { }
                [FormerName($"{V1Name}.Square.Small")] internal sealed record Small(int Size) : Flat;
            }
        }
    }

    static class Swapped
    {
        internal sealed record Little(int Size) : IKind;

        internal static class Other
        {
            internal sealed record Small(int Size) : IKind;
        }

        [StateTypes(typeof(Little), typeof(Other.Small))]
        internal interface IKind;
    }

    static class BothNames
    {
        [FormerName("Little")] internal sealed record Tiny(int Size) : IKind;

        internal sealed record Little(int Size) : IKind;

        [FormerName("Small")] internal sealed record Slight(int Size) : IKind;

        [StateTypes(typeof(Tiny), typeof(Little), typeof(Slight))]
        internal interface IKind;
    }

    [Fact]
    public void Read_CasesWithinAGenericClass_AreToldApartByTheirOwnNames()
    {
        Assert.Equal(new V2.Result<int>.Wrong(7), Read<V1.Result<int>, V2.Result<int>>(new V1.Result<int>.Wrong(7)));
        Assert.Equal(new V1.Result<long>.Wrong(7), Read<V1.Result<int>, V1.Result<long>>(new V1.Result<int>.Wrong(7)));
        Assert.Equal(new V1.Result<long>.Right(7), Read<V1.Result<int>, V1.Result<long>>(new V1.Result<int>.Right(7)));
    }

    [Fact]
    public void Read_CasesOfOneNameInSeveralPlaces_AreToldApartByWhatIsAroundThem()
    {
        Assert.Equal(new V2.Shape.Round.Small(3), Read<V1.Shape, V2.Shape>(new V1.Shape.Round.Small(3)));
        Assert.Equal(new V2.Shape.Square.Small(4), Read<V1.Shape, V2.Shape>(new V1.Shape.Square.Small(4)));
        Assert.Equal(new V2.Shape.Round.Large(5), Read<V1.Shape, V2.Shape>(new V1.Shape.Round.Large(5)));
    }

    [Fact]
    public void Read_CasesThatDifferInTypeArguments_AreToldApartByThese()
    {
        Assert.Equal(new V2.Item<short>(3), Read<V1.IItem, V2.IItem>(new V1.Item<short>(3)));
        Assert.Equal(new V2.Item<int>(4), Read<V1.IItem, V2.IItem>(new V1.Item<int>(4)));
    }

    [Fact]
    public void Problems_OfACaseThatIsGone_DoNotMistakeAnotherOfItsNameForIt()
    {
        Assert.Contains("has no case Small any more, and what was written may have it", Assert.Single(Problems<V1.Shape, WithoutRound.Shape>()), StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OfCasesThatMayBeSeveral_AreAnsweredByTheFormerNameInFull()
    {
        string[] problems = Problems<V1.Shape, Doubtful.Shape>();
        Assert.Equal(2, problems.Length);
        Assert.All(problems, static p => Assert.Contains("has more than one case that ", p, StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.EndsWith("mark the one that it is with [FormerName(\"Millrace.Tests.State.Evolution.CaseMatchingTests.V1.Shape.Round.Small\")]", StringComparison.Ordinal));
        Assert.Equal(new Said.Shape.Oval.Small(3), Read<V1.Shape, Said.Shape>(new V1.Shape.Round.Small(3)));
        Assert.Equal(new Said.Shape.Flat.Small(4), Read<V1.Shape, Said.Shape>(new V1.Shape.Square.Small(4)));
    }

    [Fact]
    public void Problems_OfAFormerNameAndAnotherPlace_SayThatItMayBeEither()
    {
        string[] problems = Problems<Swapped.IKind, BothNames.IKind>();
        Assert.Contains("has more than one case that Millrace.Tests.State.Evolution.CaseMatchingTests.Swapped.Little may be now", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OfNamesThatSharedANumberAndDoNotAnyMore_SayWhich()
    {
        Assert.Contains("Level has several numbers for what was 1, which had more than one name", Assert.Single(Problems<V1.Level, V2.Level>()), StringComparison.Ordinal);
    }
}
