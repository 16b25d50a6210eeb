using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>
/// Reads fields as values. A field that cannot be read is noted on the row instead of thrown: files with many such rows stay fast.
/// Called by compiled binders; everything is in invariant form.
/// </summary>
internal static class CsvFields
{
    const NumberStyles Whole = NumberStyles.Integer;
    const NumberStyles Real = NumberStyles.Float;

    /// <summary>The method that reads fields of a type, taking a row and a column; null when there is none.</summary>
    public static MethodInfo? ReaderOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return ReaderOf(underlying) is null ? null : Method(nameof(Optional), underlying);
        if (type == typeof(string)) return Method(nameof(Text));
        if (type == typeof(bool)) return Method(nameof(Truth));
        if (type == typeof(DateTime)) return Method(nameof(Date));
        if (type == typeof(DateTimeOffset)) return Method(nameof(Moment));
        if (type == typeof(Timestamp)) return Method(nameof(Stamp));
        if (type.IsEnum) return Method(nameof(Choice), type);
        if (type == typeof(char)) return Method(nameof(Parsed), type);
        if (Implements(type, typeof(IBinaryInteger<>))) return Method(nameof(WholeNumber), type);
        if (Implements(type, typeof(INumberBase<>))) return Method(nameof(RealNumber), type);
        if (Implements(type, typeof(IUtf8SpanParsable<>))) return Method(nameof(ParsedUtf8), type);
        return Implements(type, typeof(ISpanParsable<>)) ? Method(nameof(Parsed), type) : null;
    }

    public static string[] All(CsvRow row)
    {
        string[] fields = new string[row.Count];
        for (int i = 0; i < fields.Length; i++) fields[i] = Text(row, i);
        return fields;
    }

    public static string Text(CsvRow row, int column)
    {
        ReadOnlySpan<byte> field = row.Field(column);
        return field.IsEmpty ? "" : Encoding.UTF8.GetString(field);
    }

    public static T? Optional<T>(CsvRow row, int column) where T : struct =>
        row.Field(column).IsEmpty ? null : Reader<T>.Read(row, column);

    public static T WholeNumber<T>(CsvRow row, int column) where T : INumberBase<T>
    {
        ReadOnlySpan<byte> field = row.Field(column);
        if (T.TryParse(field, Whole, CultureInfo.InvariantCulture, out T? value)) return value;
        return Fail<T>(row, column, field, $"a whole number that fits {typeof(T).Name}");
    }

    public static T RealNumber<T>(CsvRow row, int column) where T : INumberBase<T>
    {
        ReadOnlySpan<byte> field = row.Field(column);
        if (T.TryParse(field, Real, CultureInfo.InvariantCulture, out T? value)) return value;
        return Fail<T>(row, column, field, "a number (with a point for decimals, and no thousands separators)");
    }

    public static bool Truth(CsvRow row, int column)
    {
        ReadOnlySpan<byte> field = row.Field(column);
        if (Ascii.EqualsIgnoreCase(field, "true"u8) || field.SequenceEqual("1"u8)) return true;
        if (Ascii.EqualsIgnoreCase(field, "false"u8) || field.SequenceEqual("0"u8)) return false;
        return Fail<bool>(row, column, field, "true, false, 1 or 0");
    }

    public static DateTime Date(CsvRow row, int column)
    {
        ReadOnlySpan<byte> field = row.Field(column);
        return DateText.TryRead(field, row.DateFormat, out DateTime value, out _) ? value : FailDate<DateTime>(row, column, field);
    }

    public static DateTimeOffset Moment(CsvRow row, int column)
    {
        ReadOnlySpan<byte> field = row.Field(column);
        return DateText.TryRead(field, row.DateFormat, out DateTime value, out TimeSpan offset)
            ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)).ToOffset(offset)
            : FailDate<DateTimeOffset>(row, column, field);
    }

    public static Timestamp Stamp(CsvRow row, int column) => Timestamp.FromDateTime(Date(row, column));

    public static T Choice<T>(CsvRow row, int column) where T : struct, Enum
    {
        ReadOnlySpan<byte> field = row.Field(column);
        Span<char> chars = stackalloc char[Chars.Max];
        if (Chars.TryDecode(field, chars, out ReadOnlySpan<char> text) && Enum.TryParse(text, ignoreCase: true, out T value)
            && (Enum.IsDefined(value) || typeof(T).IsDefined(typeof(FlagsAttribute), inherit: false))) return value;
        return Fail<T>(row, column, field, "one of " + string.Join(", ", Enum.GetNames<T>().Take(20)));
    }

    public static T ParsedUtf8<T>(CsvRow row, int column) where T : IUtf8SpanParsable<T>
    {
        ReadOnlySpan<byte> field = row.Field(column);
        if (T.TryParse(field, CultureInfo.InvariantCulture, out T? value)) return value;
        return Fail<T>(row, column, field, typeof(T).Name);
    }

    public static T Parsed<T>(CsvRow row, int column) where T : ISpanParsable<T>
    {
        ReadOnlySpan<byte> field = row.Field(column);
        Span<char> chars = stackalloc char[Chars.Max];
        ReadOnlySpan<char> text = Chars.TryDecode(field, chars, out ReadOnlySpan<char> decoded) ? decoded : Encoding.UTF8.GetString(field);
        if (T.TryParse(text, CultureInfo.InvariantCulture, out T? value)) return value;
        return Fail<T>(row, column, field, typeof(T).Name);
    }

    static T FailDate<T>(CsvRow row, int column, ReadOnlySpan<byte> field) => Fail<T>(row, column, field, row.DateFormat is { } format
        ? $"a date in the format '{format}'"
        : "an ISO 8601 date such as 2026-11-22T10:45:00Z; name another format in CsvOptions.DateFormat");

    static T Fail<T>(CsvRow row, int column, ReadOnlySpan<byte> field, string expected)
    {
        row.Fail(column, field.IsEmpty ? $"it is empty, not {expected}" : $"'{MalformedRows.Shorten(field)}' is not {expected}");
        return default!;
    }

    static bool Implements(Type type, Type generic) =>
        type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == generic && i.GenericTypeArguments[0] == type);

    static MethodInfo Method(string name, params Type[] arguments)
    {
        MethodInfo method = typeof(CsvFields).GetMethod(name)!;
        return arguments.Length == 0 ? method : method.MakeGenericMethod(arguments);
    }

    /// <summary>The reader of a type as a delegate, where it is not called by a compiled binder directly.</summary>
    static class Reader<T>
    {
        public static readonly Func<CsvRow, int, T> Read = ReaderOf(typeof(T))!.CreateDelegate<Func<CsvRow, int, T>>();
    }
}
