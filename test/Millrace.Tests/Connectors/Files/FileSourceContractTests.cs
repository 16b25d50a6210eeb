namespace Millrace.Tests.Connectors.Files;

public abstract class FileContract<T> : SourceContract<T, FileSplit>, IDisposable
{
    protected TempFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class LinesContractTests : FileContract<string>
{
    protected override IReadOnlyList<string> Expected { get; } = ["one", "", "drei", "vier ☃", "five", "six"];

    protected override ISource<string, FileSplit> Create()
    {
        Folder.Write("a.txt", "one\n\r\ndrei\n");
        Folder.Write("b.txt", "");
        Folder.Write("c.txt", "\uFEFFvier ☃\r\nfive\nsix");
        Folder.Write(".hidden", "never");
        return FileSource.Lines(Folder.Root);
    }
}

public sealed class LinesInOrderContractTests : FileContract<string>
{
    protected override IReadOnlyList<string> Expected { get; } = ["a1", "a2", "c1", "d1", "d2"];

    protected override ISource<string, FileSplit> Create()
    {
        Folder.Write("d.txt", "d1\nd2\n");
        Folder.Write("a.txt", "a1\na2");
        Folder.Write("b.txt", "");
        Folder.WriteCompressed("c.txt", "c1\n");
        Folder.Write("e.txt", "");
        return FileSource.Lines(Folder.Root).InOrder();
    }
}

public sealed class LinesInRangesContractTests : FileContract<string>
{
    protected override IReadOnlyList<string> Expected { get; } = [.. Enumerable.Range(0, 40).Select(static i => new string('x', i % 23) + i)];

    protected override ISource<string, FileSplit> Create()
    {
        Folder.Write("a.txt", string.Join('\n', Expected));
        return FileSource.Lines(Folder.Root).InRanges(16);
    }
}

public sealed class CompressedContractTests : FileContract<string>
{
    protected override IReadOnlyList<string> Expected { get; } = [.. Enumerable.Range(0, 40).Select(static i => $"line {i}")];

    protected override ISource<string, FileSplit> Create()
    {
        Folder.WriteCompressed("not-named-gz.txt", string.Join("\r\n", Expected));
        return FileSource.Lines(Folder["*.txt"]).InRanges(16);
    }
}

public sealed class Latin1ContractTests : FileContract<string>
{
    protected override IReadOnlyList<string> Expected { get; } = ["Zürich", "Genève", "Malmö"];

    protected override ISource<string, FileSplit> Create()
    {
        Folder.Write("a.txt", System.Text.Encoding.Latin1.GetBytes("Zürich\nGenève\nMalmö"));
        return FileSource.Lines(Folder["a.txt"]).WithEncoding(System.Text.Encoding.Latin1);
    }
}

public sealed class CsvContractTests : FileContract<Sale>
{
    protected override IReadOnlyList<Sale> Expected { get; } = Sale.Some;

    protected override ISource<Sale, FileSplit> Create()
    {
        Folder.Write("a.csv", Sale.Text);
        return FileSource.Csv<Sale>(Folder["a.csv"]);
    }
}

public sealed class CsvInRangesContractTests : FileContract<Sale>
{
    protected override IReadOnlyList<Sale> Expected { get; } = [.. Enumerable.Range(0, 30).Select(static i => new Sale(i, "item " + i, 1.5m, null))];

    protected override ISource<Sale, FileSplit> Create()
    {
        Folder.Write("a.csv", "item,id,price,at\n" + string.Join('\n', Expected.Select(static s => $"{s.Item},{s.Id},{s.Price},")));
        return FileSource.Csv<Sale>(Folder["a.csv"]).InRanges(16);
    }
}

public sealed class JsonContractTests : FileContract<Sale>
{
    protected override IReadOnlyList<Sale> Expected { get; } = Sale.Some;

    protected override ISource<Sale, FileSplit> Create()
    {
        Folder.Write("a.jsonl", string.Join("\n\n", Sale.Some.Select(static s => System.Text.Json.JsonSerializer.Serialize(s))));
        return FileSource.JsonLines<Sale>(Folder["a.jsonl"]).InRanges(64);
    }
}

public sealed record Sale(int Id, string Item, decimal Price, DateTime? At)
{
    public static readonly Sale[] Some =
    [
        new(1, "plain", 1.25m, null),
        new(2, "with, comma", 2m, new DateTime(2026, 11, 22, 10, 45, 0, DateTimeKind.Utc)),
        new(3, "with \"quotes\"", -3.5m, null),
        new(4, "with\nline end", 4m, null),
        new(5, "", 5m, new DateTime(2026, 11, 23)),
        new(6, "Ω\r\n\"", 6m, null),
    ];

    public const string Text =
        "\uFEFFAT,item,Id,price\r\n"
        + ",plain,1,1.25\r\n"
        + "2026-11-22T10:45:00Z,\"with, comma\",2,2\r\n"
        + "\r\n"
        + ",\"with \"\"quotes\"\"\",3,-3.5\n"
        + ",\"with\nline end\",4,4\n"
        + "2026-11-23,,5,5\n"
        + ",\"Ω\r\n\"\"\",6,6";
}
