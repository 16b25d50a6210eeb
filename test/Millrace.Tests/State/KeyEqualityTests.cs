using FsCheck;
using FsCheck.Fluent;
using Millrace.State;

namespace Millrace.Tests.State;

/// <summary>Equal keys hash equal, whatever form they come in.</summary>
public sealed class KeyEqualityTests
{
    [Fact]
    public void Decimal_OfAnyScale_HashesByValue() => Prop.ForAll<int, byte>((coefficient, zeros) =>
    {
        decimal plain = coefficient / 100m;
        decimal padded = plain;
        for (int i = 0; i < zeros % 15; i++) padded *= 1.0m;
        return SameKey(plain, padded) && SameKey((plain, "x"), (padded, "x"));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Decimal_OfNinetySixBits_HashesByValue() => Prop.ForAll<int, int>((high, scale) =>
    {
        decimal plain = new(1, 2, high & 0xffffff, high < 0, (byte)((uint)scale % 20));
        return SameKey(plain, plain * 1.00m) && KeyHash.Of(plain) != KeyHash.Of(-plain);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void DateTime_OfAnyKind_HashesByTicks() => Prop.ForAll<DateTime>(time =>
        SameKey(DateTime.SpecifyKind(time, DateTimeKind.Utc), DateTime.SpecifyKind(time, DateTimeKind.Local))
        && SameKey(DateTime.SpecifyKind(time, DateTimeKind.Unspecified), DateTime.SpecifyKind(time, DateTimeKind.Local))).QuickCheckThrowOnFailure();

    [Fact]
    public void DateTimeOffset_OfAnyOffset_HashesByInstant() => Prop.ForAll<int, short>((seconds, minutes) =>
    {
        DateTimeOffset instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return SameKey(instant, instant.ToOffset(TimeSpan.FromMinutes(minutes % 840)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void FloatingPoint_OfZeroAndNaN_HasOneOfEach()
    {
        Assert.True(SameKey(0.0, -0.0) && SameKey(0f, -0f) && SameKey(Half.Zero, Half.NegativeZero));
        Assert.True(SameKey(double.NaN, BitConverter.Int64BitsToDouble(0x7ff0_0000_0000_0001)));
        Assert.True(SameKey(float.NaN, BitConverter.Int32BitsToSingle(-1)));
        Assert.True(SameKey((1, -0.0), (1, 0.0)));
    }

    [Fact]
    public void Integer_OfAnyWidth_HashesByValue() => Prop.ForAll<sbyte>(value =>
    {
        uint hash = KeyHash.Of(value);
        return KeyHash.Of((short)value) == hash && KeyHash.Of((int)value) == hash && KeyHash.Of((long)value) == hash
            && (value < 0 || (KeyHash.Of((byte)value) == hash && KeyHash.Of((ulong)value) == hash));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Enum_OfAnyUnderlyingType_HashesAsItsNumber()
    {
        Assert.Equal(KeyHash.Of<int>(5), KeyHash.Of(DayOfWeek.Friday));
        Assert.Equal(KeyHash.Of<sbyte>(-3), KeyHash.Of((Signed)(-3)));
        Assert.Equal(KeyHash.Of<ulong>(ulong.MaxValue), KeyHash.Of((Big)ulong.MaxValue));
        Assert.Equal(KeyHash.Of((1, 5)), KeyHash.Of((1, DayOfWeek.Friday)));
    }

    [Fact]
    public void Record_OfManyMembers_HashesAsItCompares() => Prop.ForAll<Guid, string, decimal>((id, name, price) =>
    {
        Order one = new(id, name, price, new Place(name, (long)price % 7), price > 0 ? (int)(price % 5) : null);
        Order other = one with { Price = price * 1.00m, Home = one.Home! with { } };
        return SameKey(one, other) && !SameKey(one, one with { Code = 77 }) && !SameKey(one, one with { Name = name + "!" });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Record_Derived_HashesTheMembersOfItsBase()
    {
        Assert.True(SameKey(new Capital("Bern", 1, "CH"), new Capital("Bern", 1, "CH")));
        Assert.False(SameKey(new Capital("Bern", 1, "CH"), new Capital("Bern", 2, "CH")));
    }

    [Fact]
    public void Record_WithMembersMoved_HashesTheSame() => Assert.Equal(KeyHash.Of(new Ab(1, 2)), KeyHash.Of(new Ba(2, 1)));

    [Fact]
    public void Tuple_OfTenMembers_HashesAllOfThem()
    {
        Assert.True(SameKey((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)));
        Assert.False(SameKey((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)));
    }

    // The engine sees keys as a table does: hash first, then equality.
    static bool SameKey<T>(T left, T right) where T : notnull
    {
        bool equal = EqualityComparer<T>.Default.Equals(left, right);
        Assert.Equal(equal, KeyTypes.Of<T>().Equals(left, right));
        if (equal) Assert.Equal(KeyHash.Of(left), KeyHash.Of(right));
        else Assert.NotEqual(KeyHash.Of(left), KeyHash.Of(right));
        return equal;
    }

    enum Signed : sbyte;
    enum Big : ulong;
    record Place(string City, long Zone);
    sealed record Capital(string City, long Zone, string Country) : Place(City, Zone);
    sealed record Order(Guid Id, string? Name, decimal Price, Place? Home, int? Code);
    readonly record struct Ab(int A, int B);
    record struct Ba(int B, int A);
}
