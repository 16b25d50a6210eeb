using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using System.Text;
using Millrace.State.Codecs;
using Millrace.State.Tables;

namespace Millrace.State.Offline;

/// <summary>The forms of all scalars of <c>docs/FORMATS.md</c>.</summary>
static class ScalarForms
{
    const DateTimeStyles Universal = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    // Made once: values are compared only where they have the very same form.
    static readonly ScalarForm[] s_all = [.. Integers(), .. Numbers(), .. Texts(), .. Times()];

    /// <summary>The numbers that tell rows of windows apart: the first ticks of their slices of time.</summary>
    public static ScalarForm Ordered { get; } = new ScalarForm<Timestamp>(
        "ordered64", JsonShape.Text, static (ref r) => new(OrderedNumber.Read(r.ReadRaw(OrderedNumber.Bytes))), static (ref w, v) => OrderedNumber.Write(ref w, v.Ticks), ParseTimestamp, static v => v.ToString());

    public static FrozenDictionary<string, ScalarForm> ByName { get; } = s_all.Append(Ordered).ToFrozenDictionary(static f => f.Name, StringComparer.Ordinal);

    public static FrozenDictionary<Type, ScalarForm> ByType { get; } = s_all.ToFrozenDictionary(static f => f.Type);

    static IEnumerable<ScalarForm> Integers() =>
    [
        new ScalarForm<bool>("bool", JsonShape.Boolean, static (ref r) => r.ReadBoolean(), static (ref w, v) => w.Write(v), bool.Parse, static v => v ? "true" : "false") { Word = KeyWord.Of },
        Number("int8", static (ref r) => r.ReadSByte(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("uint8", static (ref r) => r.ReadByte(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("int16", static (ref r) => r.ReadInt16(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("uint16", static (ref r) => r.ReadUInt16(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("int32", static (ref r) => r.ReadInt32(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("uint32", static (ref r) => r.ReadUInt32(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("int64", static (ref r) => r.ReadInt64(), static (ref w, v) => w.Write(v), KeyWord.Of),
        Number("uint64", static (ref r) => r.ReadUInt64(), static (ref w, v) => w.Write(v), KeyWord.Of),
        // More than 64 bits: most readers of JSON would round a number.
        Number("int128", static (ref r) => r.ReadInt128(), static (ref w, v) => w.Write(v), KeyWord.Of, JsonShape.Text),
        Number("uint128", static (ref r) => r.ReadUInt128(), static (ref w, v) => w.Write(v), KeyWord.Of, JsonShape.Text),
        Number("biginteger", static (ref r) => r.ReadBigInteger(), static (ref w, v) => w.Write(v), null, JsonShape.Text),
    ];

    static IEnumerable<ScalarForm> Numbers() =>
    [
        Real("float16", static (ref r) => r.ReadHalf(), static (ref w, v) => w.Write(v), KeyWord.Of, CanonicalKey.Form),
        Real("float32", static (ref r) => r.ReadSingle(), static (ref w, v) => w.Write(v), KeyWord.Of, CanonicalKey.Form),
        Real("float64", static (ref r) => r.ReadDouble(), static (ref w, v) => w.Write(v), KeyWord.Of, CanonicalKey.Form),
        Real("decimal", static (ref r) => r.ReadDecimal(), static (ref w, v) => w.Write(v), KeyWord.Of, CanonicalKey.Form),
    ];

    static IEnumerable<ScalarForm> Texts() =>
    [
        new ScalarForm<char>("char", JsonShape.Text, static (ref r) => r.ReadChar(), static (ref w, v) => w.Write(v), char.Parse, static v => v.ToString()) { Word = KeyWord.Of },
        new ScalarForm<Rune>("rune", JsonShape.Text, static (ref r) => r.ReadRune(), static (ref w, v) => w.Write(v), ParseRune, static v => v.ToString()) { Word = KeyWord.Of },
        new ScalarForm<string>("string", JsonShape.Text, static (ref r) => r.ReadString(), static (ref w, v) => w.Write(v), static t => t, static v => v) { Word = KeyWord.Of, HasAbsent = true },
        new ScalarForm<byte[]>("bytes", JsonShape.Text, static (ref r) => r.ReadBytes(), static (ref w, v) => w.Write(v), Convert.FromBase64String, Convert.ToBase64String)
        {
            HasAbsent = true, Same = static (a, b) => a.AsSpan().SequenceEqual(b),
        },
        new ScalarForm<Guid>("guid", JsonShape.Text, static (ref r) => r.ReadGuid(), static (ref w, v) => w.Write(v), Guid.Parse, static v => v.ToString()) { Word = KeyWord.Of },
        new ScalarForm<Uri>("uri", JsonShape.Text, static (ref r) => r.ReadUri(), static (ref w, v) => w.Write(v), static t => new Uri(t, UriKind.RelativeOrAbsolute), static v => v.OriginalString)
        {
            Same = static (a, b) => a.OriginalString == b.OriginalString,
        },
        new ScalarForm<Version>("version", JsonShape.Text, static (ref r) => r.ReadVersion(), static (ref w, v) => w.Write(v), Version.Parse, static v => v.ToString()),
    ];

    static IEnumerable<ScalarForm> Times() =>
    [
        new ScalarForm<DateTime>("datetime", JsonShape.Text, static (ref r) => r.ReadDateTime(), static (ref w, v) => w.Write(v), ParseDateTime, static v => v.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", s_plain))
        {
            Word = KeyWord.Of, Canonical = CanonicalKey.Form, Same = static (a, b) => a == b && a.Kind == b.Kind,
        },
        new ScalarForm<DateTimeOffset>(
            "datetimeoffset", JsonShape.Text, static (ref r) => r.ReadDateTimeOffset(), static (ref w, v) => w.Write(v), static t => DateTimeOffset.Parse(t, s_plain, DateTimeStyles.AssumeUniversal),
            static v => v.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", s_plain)) { Word = KeyWord.Of, Canonical = CanonicalKey.Form, Same = static (a, b) => a.EqualsExact(b) },
        new ScalarForm<Timestamp>("timestamp", JsonShape.Text, static (ref r) => r.ReadTimestamp(), static (ref w, v) => w.Write(v), ParseTimestamp, static v => v.ToString()) { Word = KeyWord.Of },
        new ScalarForm<TimeSpan>("timespan", JsonShape.Text, static (ref r) => r.ReadTimeSpan(), static (ref w, v) => w.Write(v), static t => TimeSpan.Parse(t, s_plain), static v => v.ToString("c", s_plain)) { Word = KeyWord.Of },
        new ScalarForm<DateOnly>("date", JsonShape.Text, static (ref r) => r.ReadDateOnly(), static (ref w, v) => w.Write(v), static t => DateOnly.Parse(t, s_plain), static v => v.ToString("O", s_plain)) { Word = KeyWord.Of },
        new ScalarForm<TimeOnly>("time", JsonShape.Text, static (ref r) => r.ReadTimeOnly(), static (ref w, v) => w.Write(v), static t => TimeOnly.Parse(t, s_plain), static v => v.ToString("HH:mm:ss.FFFFFFF", s_plain)) { Word = KeyWord.Of },
    ];

    static ScalarForm<T> Number<T>(string name, ReadScalar<T> read, WriteScalar<T> write, Func<T, ulong>? word, JsonShape shape = JsonShape.Number) where T : IBinaryInteger<T> =>
        new(name, shape, read, write, static t => T.Parse(t, NumberStyles.AllowLeadingSign, s_plain), static v => v.ToString(null, s_plain)) { Word = word };

    static ScalarForm<T> Real<T>(string name, ReadScalar<T> read, WriteScalar<T> write, Func<T, ulong> word, Func<T, T> canonical) where T : IFloatingPoint<T> =>
        new(name, JsonShape.Number, read, write, static t => T.Parse(t, NumberStyles.Float, s_plain), static v => v.ToString(null, s_plain)) { Word = word, Canonical = canonical };

    static Rune ParseRune(string text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out int taken) == System.Buffers.OperationStatus.Done && taken == text.Length ? rune : throw new FormatException("not one code point");

    static DateTime ParseDateTime(string text) => DateTime.Parse(text, s_plain, DateTimeStyles.RoundtripKind);

    static Timestamp ParseTimestamp(string text)
    {
        const string ticks = " ticks";
        if (text.EndsWith(ticks, StringComparison.Ordinal)) return new(long.Parse(text.AsSpan(0, text.Length - ticks.Length), NumberStyles.AllowLeadingSign, s_plain));
        return text switch
        {
            "none" => Timestamp.None,
            "end of time" => Timestamp.MaxValue,
            _ => Timestamp.FromDateTime(DateTime.Parse(text, s_plain, Universal)),
        };
    }
}
