using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using FsCheck;
using FsCheck.Fluent;
using Millrace.State;
using Millrace.State.Codecs;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Codecs;

public sealed class CodecTests
{
    static readonly JsonSerializerOptions s_json = new() { IncludeFields = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    [Fact]
    public void Everything_RandomValues_RoundTrip() => Prop.ForAll<int>(seed =>
    {
        Everything value = NewEverything(new Random(seed));
        Everything read = RoundTrip(value);
        // Records compare scalars by themselves; what they compare by reference is compared by its members.
        Assert.Equal(Json(value.Collections), Json(read.Collections));
        Assert.Equal(value.Bytes, read.Bytes);
        Assert.Equal(value.Event, read.Event);
        Assert.Equal(value with { Bytes = null, Collections = null }, read with { Bytes = null, Collections = null });
        Assert.Equal(value.Time.Kind, read.Time.Kind);
        Assert.Equal(value.At.Offset, read.At.Offset);
        Assert.Equal(value.Decimal.ToString(CultureInfo.InvariantCulture), read.Decimal.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(Bytes(value), Bytes(read));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Scalars_OfAnyValue_RoundTrip()
    {
        RoundTrips<bool>();
        RoundTrips<byte>();
        RoundTrips<sbyte>();
        RoundTrips<short>();
        RoundTrips<ushort>();
        RoundTrips<int>();
        RoundTrips<uint>();
        RoundTrips<long>();
        RoundTrips<ulong>();
        RoundTrips<char>();
        RoundTrips<double>();
        RoundTrips<float>();
        RoundTrips<decimal>();
        RoundTrips<string?>();
        RoundTrips<Guid>();
        RoundTrips<DateTime>();
        RoundTrips<DateTimeOffset>();
        RoundTrips<TimeSpan>();
        RoundTrips<BigInteger>();
        RoundTrips<int?>();
        RoundTrips<(int, string?)>();
        RoundTrips<int[]?>();
        RoundTrips<DayOfWeek>();
    }

    [Fact]
    public void Scalars_AtTheirLimits_RoundTrip()
    {
        Same<long>(long.MinValue, long.MaxValue, -1, 0, 63, 64, -64, -65);
        Same<ulong>(ulong.MaxValue, 127, 128, 1UL << 63);
        Same(int.MinValue, int.MaxValue);
        Same(short.MinValue, short.MaxValue);
        Same(Int128.MinValue, Int128.MaxValue, Int128.NegativeOne);
        Same(decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, 0m, new decimal(0, 0, 0, true, 5));
        Same(DateTime.MinValue, DateTime.MaxValue);
        Same(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, new DateTimeOffset(1, 1, 1, 14, 0, 0, TimeSpan.FromHours(14)));
        Same(TimeSpan.MinValue, TimeSpan.MaxValue);
        Same(DateOnly.MinValue, DateOnly.MaxValue);
        Same(TimeOnly.MinValue, TimeOnly.MaxValue);
        Same(double.NaN, double.Epsilon, double.NegativeInfinity);
        Assert.True(double.IsNegative(RoundTrip(-0.0)));
    }

    [Fact]
    public void String_OfAnyCodeUnits_RoundTrips() => Prop.ForAll<int>(seed =>
    {
        string? text = NewText(new Random(seed));
        return string.Equals(text, RoundTrip(text), StringComparison.Ordinal);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Order_WithNullsAndBaseMembers_RoundTrips()
    {
        Order order = new(Guid.Empty, DateTimeOffset.UnixEpoch, [new Line("a", 1, 2.50m), null], Color.Blue, null, null) { Gift = new Line(null, 0, 0) };
        Order read = RoundTrip(order);
        Assert.Equal(order.Lines.AsEnumerable(), read.Lines.AsEnumerable());
        Assert.Equal(order with { Lines = default }, read with { Lines = default });
        Assert.Null(RoundTrip<Order?>(null));
        Assert.True(RoundTrip(order with { Lines = default }).Lines.IsDefault);
    }

    [Fact]
    public void Account_WithPrivateSetterAndNotStored_RoundTrips()
    {
        Account account = new() { Owner = "me", History = [1, 2], Marks = new() { ["a"] = new Point(1, 2, (Half)3), ["b"] = null } };
        account.Deposit(100);
        Account read = RoundTrip(account);
        Assert.Equal(("me", 100, 1), (read.Owner, read.Balance, read.Opened));
        Assert.Equal(account.History, read.History);
        Assert.Equal(account.Marks, read.Marks);
    }

    [Fact]
    public void Structs_OfEveryKind_RoundTrip()
    {
        Same(new Point(1.5, -0f, Half.MaxValue), default);
        Same(new Plain { Field = 7, Name = "x" }, default);
        Same((1, 2, 3, 4, 5, 6, 7, 8, (string?)"nine"));
        Same(new Nothing());
        Same(new { A = 1, B = (string?)"b" });
        Assert.Equal(["x", "y"], RoundTrip(new Generic<string>("x", ["x", "y"])).Items);
    }

    [Fact]
    public void Tree_OfSomeLevels_RoundTripsAndTooManyAreRefused()
    {
        Tree tree = new(1, [new Tree(2, null), new Tree(3, [new Tree(4, [])])]);
        Assert.Equivalent(tree, RoundTrip(tree), strict: true);
        Chain chain = new(0, null);
        for (int i = 0; i < CodecLimits.DepthMax; i++) chain = new Chain(i, chain);
        Assert.Equal(chain, RoundTrip(chain));
        UnencodableValueException error = Assert.Throws<UnencodableValueException>(() => Bytes(new Chain(-1, chain)));
        Assert.Contains("256 levels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ObjectOfDerivedClass_IsRefused() =>
        Assert.Contains("closed hierarchy", Assert.Throws<UnencodableValueException>(() => Bytes<Open>(new Derived(1))).Message, StringComparison.Ordinal);

    [Fact]
    public void Write_CollectionWithOwnComparer_IsRefused()
    {
        Assert.Throws<UnencodableValueException>(() => Bytes(new HashSet<string>(StringComparer.OrdinalIgnoreCase)));
        Assert.Throws<UnencodableValueException>(() => Bytes(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)));
        Assert.Throws<UnencodableValueException>(() => Bytes<IReadOnlyDictionary<string, int>>(new Dictionary<string, int>(StringComparer.InvariantCultureIgnoreCase)));
        RoundTrip(new HashSet<string>(StringComparer.Ordinal) { "a" });
    }

    [Fact]
    public void KeyCodec_OfEqualKeys_WritesEqualBytes()
    {
        Assert.Equal(KeyBytes(1.0m), KeyBytes(1.000m));
        Assert.Equal(KeyBytes(decimal.MaxValue), KeyBytes(decimal.MaxValue));
        Assert.Equal(KeyBytes((0.0, "a", -0f)), KeyBytes((-0.0, "a", 0f)));
        Assert.Equal(KeyBytes(new DateTime(5, DateTimeKind.Local)), KeyBytes(new DateTime(5, DateTimeKind.Unspecified)));
        Assert.Equal(KeyBytes(DateTimeOffset.UnixEpoch), KeyBytes(DateTimeOffset.UnixEpoch.ToOffset(TimeSpan.FromHours(3))));
        Assert.NotEqual(Bytes(1.0m), Bytes(1.000m));
        Assert.Throws<UnsupportedTypeException>(() => Codec.OfKey<int[]>());
    }

    [Fact]
    public void KeyCodec_OfAnyDecimal_KeepsTheValue() => Prop.ForAll<decimal>(key =>
    {
        CodecReader reader = new(KeyBytes(key));
        return Codec.OfKey<decimal>().Read(ref reader) == key;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_SameType_IsTheSameCodec() => Assert.Same(Codec.Of<Order>(), Codec.Of<Order>());

    // An oracle that knows nothing of codecs.
    static string Json<T>(T value) => JsonSerializer.Serialize(value, s_json);

    internal static byte[] Bytes<T>(T value) => Encode(Codec.Of<T>(), value);

    internal static T RoundTrip<T>(T value)
    {
        CodecReader reader = new(Bytes(value));
        T read = Codec.Of<T>().Read(ref reader);
        reader.End();
        return read;
    }

    static byte[] KeyBytes<T>(T value) => Encode(Codec.OfKey<T>(), value);

    static byte[] Encode<T>(Codec<T> codec, T value)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        codec.Write(ref writer, value);
        writer.Flush();
        return buffer.Written.ToArray();
    }

    static void RoundTrips<T>() => Prop.ForAll<T>(value => Assert.Equal(value, RoundTrip(value))).QuickCheckThrowOnFailure();

    static void Same<T>(params T[] values)
    {
        foreach (T value in values) Assert.Equal(value, RoundTrip(value));
    }

    record Open(int X);
    sealed record Derived(int X) : Open(X);
}
