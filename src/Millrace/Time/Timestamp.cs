using System.Globalization;

namespace Millrace;

/// <summary>
/// A moment in event time or processing time: a count of 100 ns ticks since 1970-01-01T00:00:00Z, the unit of
/// <see cref="TimeSpan"/> and <see cref="DateTime"/>, so nothing is ever rounded on the way in or out.
/// </summary>
/// <param name="Ticks">
/// Ticks since the Unix epoch; negative before 1970. <see cref="long.MinValue"/> is reserved for <see cref="None"/> and
/// <see cref="long.MaxValue"/> for <see cref="MaxValue"/>, the end of time.
/// </param>
public readonly record struct Timestamp(long Ticks) : IComparable<Timestamp>
{
    /// <summary>No timestamp (of a record), or no watermark yet (of a stream). Smaller than every other value.</summary>
    public static Timestamp None => new(long.MinValue);

    /// <summary>The end of time: the watermark of a stream whose input has ended.</summary>
    public static Timestamp MaxValue => new(long.MaxValue);

    /// <summary>The smallest timestamp a record may carry, one tick above <see cref="None"/>.</summary>
    public static Timestamp MinValue => new(long.MinValue + 1);

    /// <summary>1970-01-01T00:00:00Z.</summary>
    public static Timestamp UnixEpoch => default;

    /// <summary>Whether this is <see cref="None"/>.</summary>
    public bool IsNone => Ticks == long.MinValue;

    /// <summary>A timestamp from milliseconds since the Unix epoch.</summary>
    /// <exception cref="OverflowException">The value is beyond about 29,000 years of the epoch.</exception>
    public static Timestamp FromUnixMilliseconds(long milliseconds) => new(checked(milliseconds * TimeSpan.TicksPerMillisecond));

    /// <summary>A timestamp from seconds since the Unix epoch.</summary>
    /// <exception cref="OverflowException">The value is beyond about 29,000 years of the epoch.</exception>
    public static Timestamp FromUnixSeconds(long seconds) => new(checked(seconds * TimeSpan.TicksPerSecond));

    /// <summary>A timestamp from a date; <see cref="DateTimeKind.Local"/> is converted, an unspecified kind is taken as UTC.</summary>
    public static Timestamp FromDateTime(DateTime value) =>
        new((value.Kind == DateTimeKind.Local ? value.ToUniversalTime().Ticks : value.Ticks) - DateTime.UnixEpoch.Ticks);

    /// <summary>A timestamp from a date with offset.</summary>
    public static Timestamp FromDateTimeOffset(DateTimeOffset value) => new(value.UtcTicks - DateTime.UnixEpoch.Ticks);

    /// <summary>The same moment as a UTC date.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The moment is outside the years 1 to 9999.</exception>
    public DateTime ToDateTime() => new(checked(Ticks + DateTime.UnixEpoch.Ticks), DateTimeKind.Utc);

    /// <summary>Whole milliseconds since the Unix epoch, rounded down.</summary>
    public long ToUnixMilliseconds() => (long)Math.Floor(Ticks / (decimal)TimeSpan.TicksPerMillisecond);

    /// <summary>Converts as <see cref="FromDateTime"/> does.</summary>
    public static implicit operator Timestamp(DateTime value) => FromDateTime(value);

    /// <summary>Converts as <see cref="FromDateTimeOffset"/> does.</summary>
    public static implicit operator Timestamp(DateTimeOffset value) => FromDateTimeOffset(value);

    /// <summary>A later moment; stops at <see cref="MinValue"/> and <see cref="MaxValue"/> instead of overflowing.</summary>
    public static Timestamp operator +(Timestamp left, TimeSpan right) => new(SaturatedSum(left.Ticks, right.Ticks));

    /// <summary>An earlier moment; stops at <see cref="MinValue"/> and <see cref="MaxValue"/> instead of overflowing.</summary>
    public static Timestamp operator -(Timestamp left, TimeSpan right) => new(SaturatedDifference(left.Ticks, right.Ticks));

    /// <summary>The time from <paramref name="right"/> to <paramref name="left"/>.</summary>
    /// <exception cref="OverflowException">The difference does not fit a <see cref="TimeSpan"/>.</exception>
    public static TimeSpan operator -(Timestamp left, Timestamp right) => new(checked(left.Ticks - right.Ticks));

    /// <summary>Whether left is before right.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.Ticks < right.Ticks;

    /// <summary>Whether left is after right.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.Ticks > right.Ticks;

    /// <summary>Whether left is not after right.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.Ticks <= right.Ticks;

    /// <summary>Whether left is not before right.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.Ticks >= right.Ticks;

    /// <inheritdoc/>
    public int CompareTo(Timestamp other) => Ticks.CompareTo(other.Ticks);

    /// <summary>ISO 8601 in UTC, or the plain tick count where the calendar does not reach.</summary>
    public override string ToString()
    {
        if (IsNone) return "none";
        if (Ticks == long.MaxValue) return "end of time";
        Int128 calendar = (Int128)Ticks + DateTime.UnixEpoch.Ticks;
        return calendar >= 0 && calendar <= DateTime.MaxValue.Ticks
            ? new DateTime((long)calendar, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)
            : Ticks.ToString(CultureInfo.InvariantCulture) + " ticks";
    }

    // Overflow of a sum shows as a sign that neither operand has (Hacker's Delight, 2-13).
    static long SaturatedSum(long left, long right)
    {
        long sum = unchecked(left + right);
        if (((left ^ sum) & (right ^ sum)) < 0) return left < 0 ? long.MinValue + 1 : long.MaxValue;
        return sum == long.MinValue ? long.MinValue + 1 : sum;
    }

    static long SaturatedDifference(long left, long right)
    {
        long difference = unchecked(left - right);
        if (((left ^ right) & (left ^ difference)) < 0) return left < 0 ? long.MinValue + 1 : long.MaxValue;
        return difference == long.MinValue ? long.MinValue + 1 : difference;
    }
}
