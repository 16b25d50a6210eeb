using System.Globalization;

namespace Millrace.Hosting;

/// <summary>Spans of time with their unit, as people write them: <c>200ms</c>, <c>1.5s</c>, <c>10m</c>, <c>2h</c>, <c>1d</c>. Pure.</summary>
internal static class DurationText
{
    static readonly (string Unit, double Milliseconds)[] s_units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads a span.</summary>
    /// <returns>Null when it is none: no unit, no number, less than zero, or more than a thousand years.</returns>
    public static TimeSpan? Parse(string text)
    {
        int digits = text.AsSpan().IndexOfAnyExcept("0123456789.");
        if (digits <= 0) return null;
        double scale = s_units.FirstOrDefault(u => u.Unit == text[digits..]).Milliseconds;
        bool isNumber = double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        return isNumber && scale > 0 && number * scale < TimeSpan.FromDays(365_000).TotalMilliseconds ? TimeSpan.FromMilliseconds(number * scale) : null;
    }

    /// <summary>The span in the largest unit of which it is a whole number.</summary>
    public static string Of(TimeSpan time)
    {
        double milliseconds = time.TotalMilliseconds;
        (string unit, double scale) = milliseconds == 0 ? s_units[1] : s_units.LastOrDefault(u => milliseconds % u.Milliseconds == 0, s_units[0]);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / scale}{unit}");
    }
}
