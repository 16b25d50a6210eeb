using System.Collections;
using Millrace.State;
using Millrace.State.Codecs;

namespace Millrace.Tests.State.Codecs;

/// <summary>Whatever cannot be stored, or would be stored only in part, is refused with path and cure, all at once.</summary>
public sealed class CodecCheckTests
{
    [Theory]
    [InlineData(typeof(object), "object: object does not say which types it holds")]
    [InlineData(typeof(Action), "is code and cannot be stored; remove the member, or mark it [NotStored]")]
    [InlineData(typeof(Task<int>), "is work in progress")]
    [InlineData(typeof(MemoryStream), "is an open resource")]
    [InlineData(typeof(int[,]), "more than one dimension")]
    [InlineData(typeof(IEnumerable<int>), "is an interface")]
    [InlineData(typeof(IComparable), "is an interface")]
    [InlineData(typeof(ArrayList), "is a collection that has no codec; use List<T>")]
    [InlineData(typeof(Exception), "System.Exception has no codec")]
    [InlineData(typeof(OpenBase), "is abstract and open")]
    [InlineData(typeof(WithField), "WithField._count: int is not public, so it would be lost")]
    [InlineData(typeof(WithGetter), "WithGetter.Count: int can be neither set nor passed to a constructor")]
    [InlineData(typeof(WithEvent), "WithEvent.Changed")]
    [InlineData(typeof(WithCapture), "is not public, so it would be lost")]
    [InlineData(typeof(WithService), "has no constructor whose parameters")]
    [InlineData(typeof(OpenCases), "has the case Millrace.Tests.State.Codecs.CodecCheckTests.OpenCases.Case, which is not sealed; seal the case")]
    [InlineData(typeof(NoCases), "without cases")]
    [InlineData(typeof(WrongCases), "names the case string")]
    [InlineData(typeof(SortedSet<CodecSamples.Nothing>), "has no order")]
    [InlineData(typeof(Growing<int>), "contains ever larger generic types")]
    [InlineData(typeof(Dictionary<int, nint>), "Dictionary<int, System.IntPtr>.Values: System.IntPtr has no codec")]
    [InlineData(typeof(Shadow), "is declared twice in the hierarchy")]
    public void Problems_OfUnsupportedType_NameMemberAndCure(Type type, string part) =>
        Assert.Contains(part, CodecCheck.Problems(type)[0].ToString(), StringComparison.Ordinal);

    [Fact]
    public void Problems_OfNestedTypes_AreAllFoundWithTheirPaths()
    {
        UnsupportedTypeException error = Assert.Throws<UnsupportedTypeException>(() => Codec.Of<Order>());
        string[] paths = [.. error.Problems.Select(p => p.Path.Replace("CodecCheckTests.", "", StringComparison.Ordinal))];
        Assert.Equal(["Order.Lines[].Callback", "Order.Lines[].Inner._hidden", "Order.Names.Keys", "Order.Names.Values"], paths);
        Assert.StartsWith("Millrace.Tests.State.Codecs.CodecCheckTests.Order cannot be stored:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OfSupportedTypes_AreNone() => Assert.Empty(CodecCheck.Problems(typeof(CodecSamples.Everything)));

    abstract record OpenBase(int X);

    sealed class WithField
    {
        int _count;
        public void Add() => _count++;
    }

    sealed class WithGetter
    {
        public int Count { get; } = 5;
    }

    sealed class WithEvent
    {
        public event Action? Changed;
        public void Raise() => Changed?.Invoke();
    }

    sealed class WithCapture(int x)
    {
        public int Double() => 2 * x;
    }

    sealed class WithService
    {
        public WithService(int x, IComparable service) => X = service is null ? 0 : x;
        public int X { get; }
    }

    abstract record OpenCases
    {
        OpenCases() { }
        public record Case : OpenCases;
    }

    abstract class NoCases
    {
        NoCases() { }
    }

    [StateTypes(typeof(string))]
    abstract class WrongCases;

    sealed record Growing<T>(Growing<List<T>>? Next);

    class Shadowed { public int X { get; set; } }
    sealed class Shadow : Shadowed { public new int X { get; set; } }

    sealed record Order(List<Line> Lines, Dictionary<object, IComparable> Names);
    sealed record Line(Action Callback, Inner Inner);
    sealed class Inner
    {
        readonly int _hidden = 3;
        public int Value { get; set; }
        public int Hidden() => _hidden;
    }
}
