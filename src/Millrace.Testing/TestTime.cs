using System.Globalization;

namespace Millrace.Testing;

/// <summary>Times of day for tests, on the day a <see cref="ManualTimeProvider"/> begins with.</summary>
public static class TestTime
{
    static readonly Timestamp Midnight = ManualTimeProvider.DefaultStart;

    /// <summary>A timestamp from a time of day in UTC, such as <c>12:15</c> or <c>12:15:00.5</c>, or from a date and time in ISO 8601.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static Timestamp At(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.Contains('-', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time) && text.Contains(':', StringComparison.Ordinal))
        {
            return Midnight + time;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) && text.Contains('-', StringComparison.Ordinal)
            ? date
            : throw new FormatException($"'{text}' is neither a time of day such as 12:15 nor a date and time such as 2000-01-01T12:15:00Z");
    }

    /// <summary>For people: the time of day where it is on that day, the whole timestamp where it is not.</summary>
    public static string Show(Timestamp timestamp)
    {
        if (timestamp < Midnight || timestamp >= Midnight + TimeSpan.FromDays(1)) return timestamp.ToString();
        TimeSpan time = timestamp - Midnight;
        return time.Ticks % TimeSpan.TicksPerMinute == 0
            ? time.ToString(@"hh\:mm", CultureInfo.InvariantCulture)
            : time.ToString(@"hh\:mm\:ss\.FFFFFFF", CultureInfo.InvariantCulture).TrimEnd('.');
    }
}
