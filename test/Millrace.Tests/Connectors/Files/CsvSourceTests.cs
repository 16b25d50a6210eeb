using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Millrace.Tests.Connectors.Files;

public sealed class CsvSourceTests : IDisposable
{
    static readonly SideOutput<MalformedRow> Bad = new("malformed");
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_EveryType_AsWritten()
    {
        string text = "Flag,Small,Big,Real,Money,Letter,Day,Clock,When,Moment,Id,Kind,Span,Stamp,Maybe\n"
            + "true,-5,9223372036854775807,1e-3,12.50,x,2026-01-31,23:59:01,2026-01-31 10:11:12.1234567,2026-01-31T10:00:00+02:00,"
            + "00000000-0000-0000-0000-000000000001,second,01:02:03,1970-01-01T00:00:01Z,\n";
        Everything row = Assert.Single(await FileSource.Csv<Everything>(_folder.Write("a.csv", text)).ReadAllAsync());
        Assert.Equal(
            new Everything(true, -5, long.MaxValue, 0.001, 12.50m, 'x', new(2026, 1, 31), new(23, 59, 1),
                new DateTime(2026, 1, 31, 10, 11, 12).AddTicks(1234567), new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.FromHours(2)),
                new Guid("00000000-0000-0000-0000-000000000001"), Kind.Second, new TimeSpan(1, 2, 3), Timestamp.FromUnixSeconds(1), null), row);
    }

    [Fact]
    public async Task Read_Aliases_FindTheirColumns()
    {
        string path = _folder.Write("a.csv", "order_id,Total Price,x-y,json\n7,1.5,3,j\n");
        Assert.Equal(new Aliased(7, 1.5) { Xy = 3, Other = "j" }, Assert.Single(await FileSource.Csv<Aliased>(path).ReadAllAsync()));
    }

    [Fact]
    public async Task Header_MissingColumns_NamesThemAndTheCure()
    {
        string path = _folder.Write("a.csv", "id,name\n1,x\n");
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Csv<Sale>(path).ReadAllAsync());
        Assert.Contains("Sale needs 'Item', 'Price', 'At', and the columns are 'id', 'name'", e.Message);
        Assert.Contains("[CsvColumn(", e.Message);
        Assert.Contains(path + ", line 1", e.Message);

        List<Sale> rows = await FileSource.Csv<Sale>(path, new CsvOptions { AllowMissingColumns = true }).ReadAllAsync();
        Assert.Equal(new Sale(1, null!, 0, null), Assert.Single(rows));
        Assert.Equal(new Defaulted(1, 42), Assert.Single(await FileSource.Csv<Defaulted>(path).ReadAllAsync()));
    }

    [Fact]
    public async Task Header_ExtraColumns_ArePassedOver() =>
        Assert.Equal(new Defaulted(1, 2), Assert.Single(await FileSource.Csv<Defaulted>(_folder.Write("a.csv", "z,count,y,id\na,2,b,1")).ReadAllAsync()));

    [Fact]
    public async Task Header_None_TakesColumnsByPosition()
    {
        string path = _folder.Write("a.csv", "1;2\n3;4\n");
        CsvOptions options = new() { HasHeader = false, Delimiter = ';' };
        Assert.Equal([new Defaulted(1, 2), new Defaulted(3, 4)], await FileSource.Csv<Defaulted>(path, options).ReadAllAsync());
        Assert.Equal([(1, 2L), (3, 4L)], await FileSource.Csv<(int, long)>(path, options).ReadAllAsync());
        Assert.Equal([["1", "2"], ["3", "4"]], await FileSource.Csv<string[]>(path, options).ReadAllAsync());
    }

    [Theory]
    [InlineData("1,a,x,", "line 2 (byte 17), column 'price': 'x' is not a number")]
    [InlineData(",a,1,", "column 'id': it is empty, not a whole number that fits Int32")]
    [InlineData("3000000000,a,1,", "'3000000000' is not a whole number that fits Int32")]
    [InlineData("1,a,\"1,5\",", "'1,5' is not a number (with a point for decimals")]
    [InlineData("1,a,1,31.12.2026", "is not an ISO 8601 date")]
    [InlineData("1,a,1,2026-02-30", "is not an ISO 8601 date")]
    [InlineData("1,a", "it should have 4 columns, and has only 2")]
    [InlineData("1,a,1,,,", "it should have 4 columns, and has more")]
    [InlineData("1,\"a\"b,1,", "text follows a closing quote")]
    [InlineData("1,\"a,1,", "a quoted field is not closed")]
    public async Task Row_Malformed_NamesPlaceAndReason(string row, string message)
    {
        string path = _folder.Write("a.csv", $"id,item,price,at\n{row}\n8,good,8,\n");
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Csv<Sale>(path).ReadAllAsync());
        Assert.Contains(message, e.Message);
        Assert.Contains(path, e.Message);
        Assert.Contains(".DivertMalformed(side)", e.Message);

        Sides<Sale> sides = new(Bad);
        FunctionContext context = SourceReads.Context();
        List<Sale> rows = await FileSource.Csv<Sale>(path).DivertMalformed(Bad).ReadAllAsync(7, context, sides);
        Assert.Equal([new Sale(8, "good", 8, null)], rows);
        MalformedRow bad = Assert.Single(sides.Rows);
        Assert.Equal((2L, 17L, row), (bad.Line, bad.Byte, bad.Text));
        Assert.Equal(1, context.Counters["malformedRows"].Value);
    }

    [Fact]
    public async Task Row_AfterQuotedLineEnds_HasItsLineNumber()
    {
        string path = _folder.Write("a.csv", "id,item,price,at\n1,\"a\nb\r\nc\",1,\nx,y,z,\n");
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Csv<Sale>(path).ReadAllAsync());
        Assert.Equal(5, e.Row.Line);
    }

    [Fact]
    public async Task Ranges_QuotedLineEnd_IsAnErrorThatNamesTheCure()
    {
        string path = _folder.Write("a.csv", "id,item,price,at\n1,a,1,\n2,\"b\nb\",2,\n3,c,3,\n");
        var source = FileSource.Csv<Sale>(path).InRanges(24).SkipMalformed();
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => source.ReadAllAsync());
        Assert.Contains(".WithoutRanges()", e.Message);
        Assert.Equal(3, (await source.WithoutRanges().ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Read_QuotedFieldsAcrossBlocks_AreWhole()
    {
        Random random = new(3);
        Sale[] sales = [.. Enumerable.Range(0, 4000).Select(i => new Sale(i, Item(random), i, null))];
        StringBuilder text = new("Id,Item,Price,At\n");
        foreach (Sale s in sales) text.Append(CultureInfo.InvariantCulture, $"{s.Id},\"{s.Item.Replace("\"", "\"\"")}\",{s.Price},\n");
        string path = _folder.Write("a.csv", text.ToString());
        Assert.Equal(sales, await FileSource.Csv<Sale>(path).ReadAllAsync(100));

        static string Item(Random random) => string.Concat(Enumerable.Range(0, random.Next(300)).Select(_ => "ab\"\n\r,é"[random.Next(7)])) + "!";
    }

    [Fact]
    public async Task Read_RowLongerThanTheLimit_IsMalformed()
    {
        string path = _folder.Write("a.csv", $"id,count\n1,\"{new string('\n', 500)}\"\n2,2\n");
        Sides<Defaulted> sides = new(Bad);
        List<Defaulted> rows = await FileSource.Csv<Defaulted>(path).WithLineLimit(100).DivertMalformed(Bad).ReadAllAsync(7, sides: sides);
        Assert.Contains("longer than the limit", sides.Rows[0].Reason);
        Assert.Equal(new Defaulted(2, 2), Assert.Single(rows));
    }

    [Fact]
    public async Task Dates_InAnotherFormat_AreRead()
    {
        string path = _folder.Write("a.csv", "id,item,price,at\n1,a,1,31.12.2026 10:30\n");
        Sale sale = Assert.Single(await FileSource.Csv<Sale>(path, new CsvOptions { DateFormat = "dd.MM.yyyy HH:mm" }).ReadAllAsync());
        Assert.Equal(new DateTime(2026, 12, 31, 10, 30, 0), sale.At);
        Assert.Equal(DateTimeKind.Unspecified, sale.At!.Value.Kind);
    }

    [Fact]
    public void Problems_UnsupportedMember_IsNamed()
    {
        Assert.Contains("Nested.Inner", Assert.Single(FileSource.Csv<Nested>("x").Problems));
        Assert.Contains("Int32", Assert.Single(FileSource.Csv<int>("x").Problems));
        Assert.Contains("delimiter", Assert.Single(FileSource.Csv<Sale>("x", new CsvOptions { Delimiter = '"' }).Problems));
    }

    public enum Kind
    {
        First,
        Second,
    }

    public sealed record Everything(
        bool Flag, short Small, long Big, double Real, decimal Money, char Letter, DateOnly Day, TimeOnly Clock, DateTime When,
        DateTimeOffset Moment, Guid Id, Kind Kind, TimeSpan Span, Timestamp Stamp, int? Maybe);

    public sealed record Aliased([CsvColumn("order_id")] int Id, double TotalPrice)
    {
        public int Xy { get; init; }

        [JsonPropertyName("json")]
        public required string Other { get; init; }
    }

    public sealed record Defaulted(int Id, long Count = 42);

    public sealed record Nested(Defaulted Inner);
}
