using System.Globalization;

namespace Millrace.Connectors.Files;

/// <summary>
/// Reads dates and times. ISO 8601 by hand, because the runtime's parsers either take characters and culture-dependent guesses, or
/// UTF-8 in one fixed width. Nothing depends on the time zone of the machine.
/// </summary>
internal static class DateText
{
    /// <summary>Reads a date.</summary>
    /// <param name="text">The field.</param>
    /// <param name="format">A .NET format, or null for ISO 8601.</param>
    /// <param name="value">In UTC when the text has an offset or a Z, otherwise of unspecified kind.</param>
    /// <param name="offset">The offset; zero when there is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, string? format, out DateTime value, out TimeSpan offset)
    {
        if (format is null) return TryReadIso(text, out value, out offset);
        value = default;
        offset = default;
        Span<char> room = stackalloc char[Chars.Max];
        if (!Chars.TryDecode(text, room, out ReadOnlySpan<char> chars)) return false;
        // Read as if the zone were UTC, and then apart from the offset: a format with no zone must not be shifted by the machine's.
        if (!DateTimeOffset.TryParseExact(chars, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment))
            return false;
        offset = moment.Offset;
        bool hasZone = format.Contains('z', StringComparison.Ordinal) || format.Contains('K', StringComparison.Ordinal);
        value = hasZone ? moment.UtcDateTime : DateTime.SpecifyKind(moment.DateTime, DateTimeKind.Unspecified);
        return true;
    }

    static bool TryReadIso(ReadOnlySpan<byte> text, out DateTime value, out TimeSpan offset)
    {
        value = default;
        offset = default;
        if (text.Length < 10 || text[4] is not ((byte)'-' or (byte)'/') || text[7] != text[4]) return false;
        if (!Number(text[..4], out int year) || !Number(text.Slice(5, 2), out int month) || !Number(text.Slice(8, 2), out int day)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;

        ReadOnlySpan<byte> rest = text[10..];
        long ticks = new DateTime(year, month, day).Ticks;
        if (!rest.IsEmpty && !TryReadTime(ref rest, ref ticks)) return false;
        bool isUtc = false;
        if (!rest.IsEmpty && !TryReadZone(rest, out offset, out isUtc)) return false;
        ticks -= offset.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) return false;
        value = new DateTime(ticks, isUtc ? DateTimeKind.Utc : DateTimeKind.Unspecified);
        return true;
    }

    static bool TryReadTime(ref ReadOnlySpan<byte> text, ref long ticks)
    {
        if (text.Length < 6 || text[0] is not ((byte)'T' or (byte)' ' or (byte)'t') || text[3] != ':') return false;
        if (!Number(text.Slice(1, 2), out int hour) || !Number(text.Slice(4, 2), out int minute) || hour > 23 || minute > 59) return false;
        ticks += (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        text = text[6..];
        if (text.IsEmpty || text[0] != ':') return true;
        if (text.Length < 3 || !Number(text.Slice(1, 2), out int second) || second > 59) return false;
        ticks += second * TimeSpan.TicksPerSecond;
        text = text[3..];
        return text.IsEmpty || text[0] is not ((byte)'.' or (byte)',') || TryReadFraction(ref text, ref ticks);
    }

    /// <summary>Any number of digits; those beyond a tick (100 ns) are cut off.</summary>
    static bool TryReadFraction(ref ReadOnlySpan<byte> text, ref long ticks)
    {
        int digits = 1;
        for (long unit = TimeSpan.TicksPerSecond / 10; digits < text.Length && char.IsAsciiDigit((char)text[digits]); digits++, unit /= 10)
            ticks += (text[digits] - '0') * unit;
        text = text[digits..];
        return digits > 1;
    }

    static bool TryReadZone(ReadOnlySpan<byte> text, out TimeSpan offset, out bool isUtc)
    {
        offset = default;
        isUtc = true;
        if (text is [(byte)'Z' or (byte)'z']) return true;
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6)) return false;
        int minutes = 0;
        if (text.Length == 6 && text[3] != ':') return false;
        if (!Number(text.Slice(1, 2), out int hours) || (text.Length > 3 && !Number(text[^2..], out minutes))) return false;
        if (hours > 14 || minutes > 59 || (hours == 14 && minutes > 0)) return false;
        offset = TimeSpan.FromMinutes((text[0] == '-' ? -1 : 1) * ((hours * 60) + minutes));
        return true;
    }

    static bool Number(ReadOnlySpan<byte> digits, out int value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            value = (value * 10) + digit - '0';
        }

        return true;
    }
}
