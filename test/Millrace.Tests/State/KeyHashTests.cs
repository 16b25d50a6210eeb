using System.Globalization;
using System.Reflection;
using Millrace.State;

namespace Millrace.Tests.State;

/// <summary>Golden vectors, computed by an independent program from docs/FORMATS.md. They never change: rows are found by them.</summary>
public sealed class KeyHashTests
{
    public static TheoryData<object, string> GoldenKeys => new()
    {
        { false, "00000000" },
        { true, "3c02aa47" },
        { 0, "00000000" },
        { 1, "3c02aa47" },
        { -1, "78a9666a" },
        { (byte)200, "41091866" },
        { (short)-2, "1fbde8bc" },
        { 42L, "2cb4a7ee" },
        { long.MinValue, "965c7848" },
        { long.MaxValue, "0f05debe" },
        { ulong.MaxValue, "78a9666a" },
        { 'A', "9b826d1a" },
        { (Int128)1, "b4d19b3e" },
        { (Int128)(-1), "81786e3b" },
        { UInt128.MaxValue, "81786e3b" },
        { -0.0, "00000000" },
        { 1.5, "2e752708" },
        { 1.5f, "2e752708" },
        { double.NaN, "5c0b6982" },
        { 0.00m, "25c6cf58" },
        { 1.00m, "b4d19b3e" },
        { -12.50m, "ba0bfda8" },
        { 79228162514264337593543950335m, "a8a868ed" },
        { 100.000m, "4d2507a3" },
        { "", "9d3bbbc1" },
        { "a", "e774a05f" },
        { "JFK", "39a35279" },
        { "user-1", "5f66e171" },
        { "12345678", "52bd9234" },
        { "123456789", "c949acf2" },
        { "0123456789abcdef", "34d2b99a" },
        { "The quick brown fox jumps over the lazy dog", "508fa7a9" },
        { "Zürich 🚂", "b9d5d530" },
        { new Guid("00112233-4455-6677-8899-aabbccddeeff"), "b4f67951" },
        { DayOfWeek.Friday, "24dfbc5e" },
        { new DateTime(2024, 2, 29, 12, 0, 0, DateTimeKind.Utc), "ce0d7c95" },
        { new DateTimeOffset(2024, 2, 29, 14, 0, 0, TimeSpan.FromHours(2)), "ce0d7c95" },
        { TimeSpan.FromSeconds(1), "516c0017" },
        { new DateOnly(2024, 2, 29), "9a463623" },
        { new TimeOnly(12, 0), "992599b3" },
        { (1, "a"), "92c8c8f7" },
        { (1, (2, 3)), "ef6aa984" },
        { new Flight(7, "AA", null), "b483d572" },
    };

    [Theory, MemberData(nameof(GoldenKeys))]
    public void KeyHash_OfGoldenKey_NeverChanges(object key, string hash)
    {
        MethodInfo of = typeof(KeyHashTests).GetMethod(nameof(HashOf), BindingFlags.NonPublic | BindingFlags.Static)!;
        Assert.Equal(hash, of.MakeGenericMethod(key.GetType()).Invoke(null, [key]));
    }

    [Fact]
    public void KeyHash_OfTupleWithAbsentMember_NeverChanges() => Assert.Equal("cb86f41f", HashOf<(int, string?)>((1, null)));

    [Fact]
    public void KeyHash_OfTupleNullableStructAndRecord_AgreeOnTheirMembers()
    {
        Assert.Equal(KeyHash.Of((1, "a")), KeyHash.Of(Tuple.Create(1, "a")));
        Assert.Equal(KeyHash.Of((1, (int?)2)), KeyHash.Of((1, 2)));
        Assert.Equal(KeyHash.Of(new { Carrier = "AA", Day = (DateOnly?)null, Number = 7 }), KeyHash.Of(new Flight(7, "AA", null)));
    }

    [Fact]
    public void KeyHash_OfSpan_EqualsThatOfString() => Assert.Equal(KeyHash.Of<string>("user-1"), KeyHash.Of("user-1".AsSpan()));

    [Fact]
    public void KeyHash_OfBatch_EqualsThatOfEachKey()
    {
        string[] keys = [.. Enumerable.Range(0, 100).Select(i => new string('x', i))];
        uint[] hashes = new uint[100];
        KeyTypes.Of<string>().Hash(keys, hashes);
        Assert.Equal(keys.Select(k => KeyHash.Of<string>(k)), hashes);
        Assert.Equal(100, hashes.Distinct().Count());
    }

    [Fact]
    public void KeyHash_OfBatchWithoutRoom_Throws() =>
        Assert.Throws<ArgumentException>(() => KeyTypes.Of<int>().Hash(new int[3], new uint[2]));

    static string HashOf<T>(T key) where T : notnull => KeyHash.Of(key).ToString("x8", CultureInfo.InvariantCulture);

    sealed record Flight(int Number, string Carrier, DateOnly? Day);
}
