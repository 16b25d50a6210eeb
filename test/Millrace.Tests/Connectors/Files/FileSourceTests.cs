using System.Text;

namespace Millrace.Tests.Connectors.Files;

public sealed class FileSourceTests : IDisposable
{
    static readonly SideOutput<MalformedRow> Bad = new("malformed");
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_EmptyFile_GivesNothing()
    {
        Assert.Empty(await FileSource.Lines(_folder.Write("empty", "")).ReadAllAsync());
        Assert.Empty(await FileSource.Csv<Sale>(_folder.Write("empty.csv", "")).ReadAllAsync());
        Assert.Empty(await FileSource.Csv<Sale>(_folder.Write("header.csv", "id,item,price,at")).ReadAllAsync());
        Assert.Empty(await FileSource.Lines(_folder.Write("mark", "\uFEFF")).ReadAllAsync());
    }

    [Theory]
    [InlineData("gone.txt", "There is no file or folder")]
    [InlineData("*.gone", "No file fits the pattern")]
    [InlineData("empty-folder", "There is no file in the folder")]
    [InlineData("no/such/*.csv", "No file fits the pattern")]
    public async Task Discover_NothingThere_NamesPathAndCurrentFolder(string name, string message)
    {
        Directory.CreateDirectory(_folder["empty-folder"]);
        FileNotFoundException e = await Assert.ThrowsAsync<FileNotFoundException>(() => FileSource.Lines(_folder[name]).DiscoverAsync());
        Assert.Contains(message, e.Message);
        Assert.Contains(_folder[name], e.Message);
        Assert.Contains(Directory.GetCurrentDirectory(), e.Message);
    }

    [Fact]
    public async Task Discover_Patterns_FindWhatFitsInOrdinalOrder()
    {
        foreach (string name in new[] { "b.csv", "B.csv", "a.csv", "a.txt", "x/c.csv", "x/y/d.csv", "x/.z/e.csv", ".h.csv" }) _folder.Write(name, name);

        Assert.Equal(["B.csv", "a.csv", "b.csv"], await NamesAsync("*.csv"));
        Assert.Equal(["B.csv", "a.csv", "b.csv", "x/c.csv", "x/y/d.csv"], await NamesAsync("**/*.csv"));
        Assert.Equal(["a.csv", "a.txt"], await NamesAsync("a.*"));
        Assert.Equal(["x/c.csv"], (await NamesAsync("*/c.csv")));
        Assert.Equal(["B.csv", "a.csv", "a.txt", "b.csv"], await NamesAsync(""));
    }

    [Fact]
    public async Task Ranges_OfRandomFiles_HaveEveryLineExactlyOnce()
    {
        Random random = new(42);
        for (int round = 0; round < 150; round++)
        {
            string end = random.Next(2) == 0 ? "\n" : "\r\n";
            string[] lines = [.. Enumerable.Range(0, random.Next(1, 60)).Select(i => new string((char)('a' + (i % 26)), random.Next(0, 40)))];
            string text = (random.Next(4) == 0 ? "\uFEFF" : "") + string.Join(end, lines) + (random.Next(2) == 0 ? "" : end);
            string path = _folder.Write("random.txt", text);
            long range = random.Next(16, 200);
            List<string> expected = await FileSource.Lines(path).WithoutRanges().ReadAllAsync(64);
            Assert.Equal(text.Replace("\r", "").TrimStart('\uFEFF').Split('\n') is [.. var all, ""] ? all : text.Replace("\r", "").TrimStart('\uFEFF').Split('\n'), expected);
            Assert.Equal(expected, await FileSource.Lines(path).InRanges(range).ReadAllAsync(64));
        }
    }

    [Fact]
    public async Task Read_FileOfManyBlocks_GivesEveryLine()
    {
        // Lines of all lengths around a block's headroom, so that some begin in one block and end in another, or the one after.
        string[] lines = [.. Enumerable.Range(0, 300).Select(static i => new string((char)('a' + (i % 26)), i * 7919 % 200_000))];
        string path = _folder.Write("big.txt", string.Join('\n', lines));
        Assert.True(lines.SequenceEqual(await FileSource.Lines(path).ReadAllAsync(100)));
        Assert.True(lines.SequenceEqual(await FileSource.Lines(path).InRanges(1_000_000).ReadAllAsync(100)));
    }

    [Fact]
    public async Task Read_WrongEncoding_NamesLineByteAndCure()
    {
        string path = _folder.Write("latin1.txt", Encoding.Latin1.GetBytes("Basel\nZürich\nBern\n"));
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Lines(path).ReadAllAsync());
        Assert.Contains(path + ", line 2 (byte 6)", e.Message);
        Assert.Contains(".WithEncoding(", e.Message);
        Assert.Equal(["Basel", "Zürich", "Bern"], await FileSource.Lines(path).WithEncoding(Encoding.Latin1).ReadAllAsync());

        string wide = _folder.Write("utf16.txt", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("Zürich\n")]);
        await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Lines(wide).ReadAllAsync());
        Assert.Equal(["Zürich"], await FileSource.Lines(wide).WithEncoding(Encoding.Unicode).ReadAllAsync());
    }

    [Fact]
    public async Task Read_BytesTheEncodingDoesNotKnow_EndsTheJob()
    {
        string path = _folder.Write("odd.txt", [0x41, 0xD8, 0x41, 0xD8]);
        IOException e = await Assert.ThrowsAsync<IOException>(() => FileSource.Lines(path).WithEncoding(Encoding.Unicode).ReadAllAsync());
        Assert.Contains(path, e.Message);
    }

    [Fact]
    public async Task Read_MalformedRows_AreCountedWhenSkipped()
    {
        string path = _folder.Write("a.txt", [(byte)'a', (byte)'\n', 0xFF, (byte)'\n', (byte)'b']);
        FunctionContext context = SourceReads.Context();
        Assert.Equal(["a", "b"], await FileSource.Lines(path).SkipMalformed().ReadAllAsync(context: context));
        Assert.Equal(1, context.Counters["malformedRows"].Value);
    }

    [Fact]
    public async Task Read_ManyMalformedRows_ReturnsInBetween()
    {
        string path = _folder.Write("a.txt", [.. Enumerable.Repeat<byte[]>([0xFF, (byte)'\n'], 10_000).SelectMany(static b => b), (byte)'x']);
        var source = FileSource.Lines(path).DivertMalformed(Bad);
        Sides<string> sides = new(Bad);
        await using var reader = await source.OpenAsync((await source.DiscoverAsync())[0], SourceReads.Context(), default);
        await reader.WaitAsync(default);
        List<string> read = [];
        Assert.Equal(ReadStatus.More, SourceReads.Read(reader, read, 10, sides));
        Assert.InRange(sides.Rows.Length, 1, 1000);
    }

    [Fact]
    public async Task Read_CompressedFileCutShort_EndsTheJob()
    {
        string path = _folder.WriteCompressed("a.gz", string.Join('\n', Enumerable.Range(0, 100_000)));
        _folder.Write("cut.gz", File.ReadAllBytes(path)[..1000]);
        IOException e = await Assert.ThrowsAsync<IOException>(() => FileSource.Lines(_folder["cut.gz"]).ReadAllAsync(100));
        Assert.Contains("cut.gz", e.Message);
    }

    [Fact]
    public async Task Read_CompressedFileOfSeveralMembers_GivesAll()
    {
        byte[] first = File.ReadAllBytes(_folder.WriteCompressed("1.gz", "a\nb"));
        byte[] second = File.ReadAllBytes(_folder.WriteCompressed("2.gz", "c\nd\n"));
        Assert.Equal(["a", "bc", "d"], await FileSource.Lines(_folder.Write("both.gz", [.. first, .. second])).ReadAllAsync());
        Assert.Empty(await FileSource.Lines(_folder.WriteCompressed("none.gz", "")).ReadAllAsync());
    }

    [Fact]
    public async Task Open_FileShorterThanThePosition_IsRefused()
    {
        string path = _folder.Write("a.txt", "abc\n");
        IOException e = await Assert.ThrowsAsync<IOException>(
            () => FileSource.Lines(path).ReadSplitAsync(new FileSplit("a.txt", 0, 100, long.MaxValue, 5, false)));
        Assert.Contains("ends before byte 100", e.Message);
    }

    [Fact]
    public async Task InOrder_FilesInNameOrder_LinesAreCountedPerFile()
    {
        _folder.Write("a.txt", "1\n2\n");
        _folder.Write("b.txt", [(byte)'3', (byte)'\n', 0xFF]);
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Lines(_folder.Root).InOrder().ReadAllAsync());
        Assert.Contains("b.txt, line 2 (byte 2)", e.Message);
    }

    [Fact]
    public void Problems_NameEveryMistake() =>
        Assert.Equal(3, FileSource.Lines(" ").InRanges(1).WithLineLimit(0).Problems.Count());

    async Task<string[]> NamesAsync(string pattern) =>
        [.. (await FileSource.Lines(_folder[pattern]).DiscoverAsync()).Select(static s => s.File)];
}
