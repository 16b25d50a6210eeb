using System.Globalization;

namespace Millrace.Tests.Samples;

/// <summary>What the sample must write, worked out in plain loops over the whole file: nothing here knows of streams.</summary>
/// <param name="Hours">The lines of <c>hours.csv</c> without its header, in no order that counts.</param>
/// <param name="TopTen">The lines of <c>top-ten.jsonl</c>.</param>
/// <param name="Standstills">The lines of <c>standstills.csv</c> without its header, in no order that counts.</param>
/// <param name="TooLate">The lines of <c>too-late.csv</c> without its header, in no order that counts.</param>
/// <param name="Updates">How many lines of <paramref name="Hours"/> replace an earlier one.</param>
public sealed record FlightDelaysReference(
    IReadOnlyList<string> Hours, IReadOnlyList<string> TopTen, IReadOnlyList<string> Standstills, IReadOnlyList<string> TooLate, int Updates)
{
    const string Minute = "yyyy-MM-dd'T'HH:mm";

    /// <summary>A row of the input, and where event time stood when it came.</summary>
    public sealed record Row(string Line, DateTime Date, int Delay, string Origin, string Destination, DateTime Newest)
    {
        public DateTime Hour => Date.Date.AddHours(Date.Hour);

        /// <summary>More than two hours behind the newest row before it.</summary>
        public bool IsBehind => Date < Newest.AddHours(-2);

        /// <summary>Its hour was over when it came: two hours on top for the disorder.</summary>
        public bool IsAfterHour => Hour.AddHours(1) <= Newest.AddHours(-2);

        /// <summary>Its hour had been over for another hour.</summary>
        public bool IsTooLate => Hour.AddHours(2) <= Newest.AddHours(-2);
    }

    public static FlightDelaysReference Of(IEnumerable<string> lines)
    {
        List<Row> rows = Read(lines);
        List<Row> counted = [.. rows.Where(static r => !r.IsTooLate)];
        List<string> hours = [];
        int updates = 0;
        foreach (var hour in counted.GroupBy(static r => (r.Origin, r.Hour)))
        {
            Row[] inTime = [.. hour.Where(static r => !r.IsAfterHour)];
            if (inTime.Length > 0) hours.Add(HourOf(inTime));
            // Each late row brings a new result of all rows so far. Rows in time come before late ones: event time never goes back.
            for (int count = inTime.Length + 1; count <= hour.Count(); count++, updates++) hours.Add(HourOf([.. hour.Take(count)]));
        }

        var tooLate = rows.Where(static r => r.IsTooLate).Select(static r => $"{r.Date.ToString(Minute, CultureInfo.InvariantCulture)},{r.Delay},{r.Origin},{r.Destination}");
        return new(hours, [.. TopTenOf(counted)], [.. rows.GroupBy(static r => r.Origin).SelectMany(static g => StandstillsOf(g.Key, g))], [.. tooLate], updates);
    }

    /// <summary>Reads rows, with the newest date before each.</summary>
    public static List<Row> Read(IEnumerable<string> lines)
    {
        List<Row> rows = [];
        DateTime newest = DateTime.MinValue.AddDays(1);
        foreach (string line in lines.Skip(1))
        {
            string[] fields = line.Split(',');
            DateTime date = DateTime.ParseExact(fields[0], Minute, CultureInfo.InvariantCulture);
            rows.Add(new(line, date, int.Parse(fields[1], CultureInfo.InvariantCulture), fields[3], fields[4], newest));
            if (date > newest) newest = date;
        }

        return rows;
    }

    static string HourOf(Row[] rows)
    {
        double average = Math.Round(rows.Average(static r => r.Delay), 2);
        double lateShare = Math.Round((double)rows.Count(static r => r.Delay > 15) / rows.Length, 4);
        int minutesLate = rows.Where(static r => r.Delay > 0).Sum(static r => r.Delay);
        string hour = $"{rows[0].Origin},{rows[0].Hour.ToString(Minute, CultureInfo.InvariantCulture)}";
        return string.Create(CultureInfo.InvariantCulture, $"{hour},{rows.Length},{average},{rows.Max(static r => r.Delay)},{lateShare},{minutesLate}");
    }

    static IEnumerable<string> TopTenOf(List<Row> counted)
    {
        Dictionary<string, long> totals = [];
        foreach (var hour in counted.GroupBy(static r => r.Hour).OrderBy(static h => h.Key))
        {
            foreach (Row row in hour) totals[row.Origin] = totals.GetValueOrDefault(row.Origin) + Math.Max(row.Delay, 0);
            var places = totals.OrderByDescending(static t => t.Value).ThenBy(static t => t.Key, StringComparer.Ordinal).Take(10)
                .Select(static t => $$"""{"airport":"{{t.Key}}","minutesLate":{{t.Value}}}""");
            yield return $$"""{"until":"{{hour.Key.AddHours(1):yyyy-MM-ddTHH:mm:ss}}","places":[{{string.Join(',', places)}}]}""";
        }
    }

    static IEnumerable<string> StandstillsOf(string airport, IEnumerable<Row> rows)
    {
        DateTime since = default;
        int flights = 0;
        foreach (var minute in rows.Where(static r => !r.IsBehind).GroupBy(static r => r.Date).OrderBy(static m => m.Key))
        {
            if (flights >= 5 && minute.Key > since.AddHours(2)) yield return Line();
            if (flights > 0 && minute.Key > since.AddHours(2)) flights = 0;
            if (flights == 0) since = minute.Key;
            flights = minute.All(static r => r.Delay > 30) ? flights + minute.Count() : 0;
        }

        if (flights >= 5) yield return Line();
        string Line() => $"{airport},{since.ToString(Minute, CultureInfo.InvariantCulture)},{flights}";
    }
}
