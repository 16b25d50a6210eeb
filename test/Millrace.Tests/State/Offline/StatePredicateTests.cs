using Millrace.State.Codecs;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>Conditions on rows.</summary>
public sealed class StatePredicateTests
{
    internal sealed record Row(int Count, string? Name, bool IsOpen, decimal Price, double Ratio, Color Color, DateTimeOffset At, int? Gift, List<Line> Lines, Dictionary<string, long> Marks, Event? Last);

    static readonly StateColumns s_columns = StateColumns.Of(new()
    {
        Name = "rows", Layout = StateLayout.Keyed, Kind = "value", Key = Codec.OfKey<(string Region, int Id)>().Schema, Value = Codec.Of<Row>().Schema,
    });

    static readonly StateValue.Row s_row = RowOf(new(5, "O'Hara", true, 10.50m, double.NaN, Color.Green, new(2024, 2, 29, 12, 0, 0, TimeSpan.FromHours(2)), null,
        [new("tea", 2, 3.5m), new(null, 1, 1m)], new() { ["a b"] = 7 }, new Event.Created("x", DateTime.UnixEpoch)));

    [Theory]
    [InlineData("value.Count = 5", true)]
    [InlineData("Count == 5", true)]
    [InlineData("5 < Count", false)]
    [InlineData("4 < Count and Count <= 5", true)]
    [InlineData("Count > 4 or Nothing", null)]
    [InlineData("not Count = 5", false)]
    [InlineData("not (Count = 5 and IsOpen)", false)]
    [InlineData("Count = 1 or Count = 2 or Count = 5 and IsOpen", true)]
    [InlineData("(Count = 1 or Count = 5) and not IsOpen", false)]
    [InlineData("IsOpen = false", false)]
    [InlineData("Name = 'O''Hara'", true)]
    [InlineData("Name > \"O\"", true)]
    [InlineData("Price >= 10.5", true)]
    [InlineData("Price = 10.500", true)]
    [InlineData("Price < -1e2", false)]
    [InlineData("Ratio > 0", false)]
    [InlineData("Ratio <= 0", false)]
    [InlineData("Ratio != 0", true)]
    [InlineData("Color = 'Green'", true)]
    [InlineData("Color > 'Red'", true)]
    [InlineData("At = '2024-02-29T10:00:00Z'", true)]
    [InlineData("At < '2024-02-29T12:00:00+02:00'", false)]
    [InlineData("Gift = null", true)]
    [InlineData("Gift != null", false)]
    [InlineData("Gift < 5", false)]
    [InlineData("Gift != 5", true)]
    [InlineData("Lines.count = 2", true)]
    [InlineData("Lines[0].Product = 'tea'", true)]
    [InlineData("Lines[1].Product = null", true)]
    [InlineData("Lines[9].Count = null", true)]
    [InlineData("Lines[0].Count > Lines[1].Count", true)]
    [InlineData("Marks['a b'] = 7", true)]
    [InlineData("Marks['c'] = null", true)]
    [InlineData("Last.$case = 'Created'", true)]
    [InlineData("Last.Name = 'x'", true)]
    [InlineData("Last.To = null", true)]
    [InlineData("key.Item1 = 'EU' and Item2 = 7", true)]
    public void Fits_EveryForm_IsAsItReads(string text, bool? fits)
    {
        if (fits is null) Assert.Throws<PredicateException>(() => StatePredicate.Parse(text, s_columns));
        else Assert.Equal(fits, StatePredicate.Parse(text, s_columns).Fits(s_row));
    }

    /// <summary>What the tool works out itself has forms as what it reads has: every comparison holds for some rows and not for others.</summary>
    [Theory]
    [InlineData("list", "index", "3")]
    [InlineData("list", "renewed", "'2024-01-01T00:00:00Z'")]
    [InlineData("list", "expires", "'2024-01-02T00:00:00Z'")]
    [InlineData("items", "subtask", "3")]
    [InlineData("items", "text", "'at 3'")]
    [InlineData("items", "watermark", "'2024-01-01T00:00:00Z'")]
    [InlineData("value", "value.Lines.count", "3")]
    [InlineData("value", "Marks.count", "3")]
    [InlineData("value", "Last.$case", "'Created'")]
    public void Fits_EveryComparisonOfAComputedColumn_HoldsAsItReads(string state, string column, string value)
    {
        StateColumns columns = state switch
        {
            "list" => StateColumns.Of(new()
            {
                Name = "list", Layout = StateLayout.Keyed, Kind = "list", Key = Codec.OfKey<int>().Schema, Sub = Codec.Of<int>().Schema, Value = Codec.Of<List<int>>().Schema,
                Ttl = StateTtl.EventTime(TimeSpan.FromDays(1)),
            }, withTimes: true, withExpired: true),
            "items" => StateColumns.Of(new() { Name = "items", Layout = StateLayout.Broadcast, Kind = "items", Value = Codec.Of<int>().Schema }),
            _ => s_columns,
        };
        // The row that is compared, one below it and one above it.
        bool[] Fit(string sign) => [.. new[] { -1, 0, 1 }.Select(by => StatePredicate.Parse($"{column} {sign} {value}", columns).Fits(ComputedRow(state, columns, by)))];

        Assert.Equal([true, false, false], Fit("<"));
        Assert.Equal([true, true, false], Fit("<="));
        Assert.Equal([false, true, false], Fit("="));
        Assert.Equal([true, false, true], Fit("!="));
        Assert.Equal([false, true, true], Fit(">="));
        Assert.Equal([false, false, true], Fit(">"));
    }

    [Fact]
    public void Forms_OfATypeAndOfItsName_AreTheSame() =>
        Assert.All(ScalarForms.ByType.Values, static form => Assert.Same(form, ScalarForms.ByName[form.Name]));

    [Theory]
    [InlineData("", "ends too early", 0)]
    [InlineData("Count", "'value.Count' is a int32, and no condition", 5)]
    [InlineData("Count = ", "ends too early", 8)]
    [InlineData("Count = 'five'", "'five' is not a value of type int32", 8)]
    [InlineData("Name = 5", "put it in quotes", 7)]
    [InlineData("Count = 5 Name = 'x'", "goes on where it should end", 10)]
    [InlineData("(Count = 5", "A ')' is missing", 10)]
    [InlineData("Name = 'x", "the closing quote is missing", 7)]
    [InlineData("Count ~ 5", "'~' has no meaning here", 6)]
    [InlineData("value.Cuont = 5", "has no member 'Cuont': there are Count, Name", 6)]
    [InlineData("Color = 'Pink'", "'Pink' is not one of Red, Green, Blue", 8)]
    [InlineData("Lines = 5", "of which only parts can be compared", 8)]
    [InlineData("Lines['x'] = 5", "is not a position in the list", 6)]
    [InlineData("IsOpen < true", "have no order", 9)]
    [InlineData("Gift < null", "null is neither less nor greater", 7)]
    [InlineData("Count = Name", "cannot be compared", 8)]
    [InlineData("1 = 1", "which is always the same", 4)]
    [InlineData("At = 'noon'", "is not a value of type datetimeoffset", 5)]
    public void Parse_AMistake_IsSaidWithItsPlace(string text, string why, int position)
    {
        PredicateException wrong = Assert.Throws<PredicateException>(() => StatePredicate.Parse(text, s_columns));
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
        Assert.Equal(position, wrong.Position);
    }

    [Fact]
    public void Parse_AnyText_GivesAConditionOrASentence()
    {
        string[] pieces = ["Count", "value", ".", "Name", "(", ")", "and", "or", "not", "=", "<", "'x'", "5", "null", "true", "[", "]", "$case", "Lines", "\"", " ", "-"];
        Random random = new(3);
        int understood = 0;
        for (int n = 0; n < 20_000; n++)
        {
            string text = string.Join(' ', Enumerable.Range(0, random.Next(8)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                StatePredicate.Parse(text, s_columns).Fits(s_row);
                understood++;
            }
            catch (PredicateException)
            {
            }
        }

        Assert.InRange(understood, 3, 20_000);
        Assert.Throws<PredicateException>(() => StatePredicate.Parse(new string('(', 100_000), s_columns));
    }

    static StateValue.Row ComputedRow(string state, StateColumns columns, int by)
    {
        if (state == "value")
        {
            Event last = by switch { < 0 => new Event.Ended.Badly(null), 0 => new Event.Created("x", DateTime.UnixEpoch), _ => new Event.Moved(default!, null) };
            return RowOf(new(5, "x", true, 1, 1, Color.Green, default, null, [.. Enumerable.Repeat(new Line("tea", 2, 3.5m), 3 + by)], Enumerable.Range(0, 3 + by).ToDictionary(static n => $"{n}", static n => (long)n), last));
        }

        Timestamp time = new(new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks + by);
        StateValue[] cells = state == "list" ? [Scalar(1), Scalar(3 + by), Scalar(7), .. columns.TimeCells(time, isExpired: false)] : [Scalar(3 + by), Scalar(7), Scalar($"at {3 + by}"), Scalar(time)];
        return new(columns.Row.Names, cells);

        static StateValue Scalar(object value) => StateValue.Scalar.Of(value);
    }

    // The columns of the state, as a row of the same members.
    static StateValue.Row RowOf(Row row)
    {
        var columns = new { key = ("EU", 7), value = (Row?)row };
        return (StateValue.Row)ValueSchema.Of(Codec.Of(columns.GetType()).Schema).Decode(Encoded(columns));
    }

    static byte[] Encoded<T>(T value) => Codec.Of<T>().Encode(value);
}
