namespace Millrace.Tests.Connectors.Files;

public sealed class FileSinkTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Csv_WhatIsWritten_IsReadBack()
    {
        string path = _folder["out.csv"];
        await FileSink.Csv<Sale>(path).WriteAsync(Sale.Some);
        Assert.StartsWith("Id,Item,Price,At\n1,plain,1.25,\n2,\"with, comma\",2,2026-11-22T10:45:00Z\n", File.ReadAllText(path));
        Assert.Equal(Sale.Some, await FileSource.Csv<Sale>(path).ReadAllAsync());
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public async Task Csv_EveryType_IsReadBack()
    {
        CsvSourceTests.Everything row = new(true, -5, long.MaxValue, 0.1, 1.50m, ',', new(2026, 1, 31), new(1, 2, 3),
            new DateTime(2026, 1, 31, 10, 11, 12, DateTimeKind.Utc).AddTicks(1), new(2026, 1, 31, 1, 0, 0, TimeSpan.FromHours(-5)), Guid.Empty,
            CsvSourceTests.Kind.Second, TimeSpan.FromTicks(7), Timestamp.FromUnixMilliseconds(-1), 3);
        await FileSink.Csv<CsvSourceTests.Everything>(_folder["out.csv"]).WriteAsync([row]);
        Assert.Equal([row], await FileSource.Csv<CsvSourceTests.Everything>(_folder["out.csv"]).ReadAllAsync());
    }

    [Fact]
    public async Task Json_WhatIsWritten_IsReadBack()
    {
        await FileSink.JsonLines<Sale>(_folder["out.jsonl"]).WriteAsync(Sale.Some);
        Assert.Equal(Sale.Some, await FileSource.JsonLines<Sale>(_folder["out.jsonl"]).ReadAllAsync());
    }

    [Fact]
    public async Task Lines_ManyBuffers_AreAllWritten()
    {
        string[] lines = [.. Enumerable.Range(0, 200_000).Select(static i => $"line number {i}")];
        await FileSink.Lines(_folder["out.txt"]).WriteAsync(lines, 1000);
        Assert.Equal(lines, File.ReadAllLines(_folder["out.txt"]));
    }

    [Fact]
    public async Task Folder_SeveralInstances_WriteAPartEach()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]);
        for (int i = 0; i < 3; i++) await sink.WriteAsync([$"of {i}"], context: SourceReads.Context(i, 3));
        Assert.Equal(["part-0.txt", "part-1.txt", "part-2.txt"], NamesIn("out"));

        // A second run with fewer instances replaces all of the first, and nothing else.
        _folder.Write("out/notes.txt", "mine");
        await sink.WriteAsync(["again"]);
        Assert.Equal(["notes.txt", "part-0.txt"], NamesIn("out"));
        Assert.Equal("again\n", File.ReadAllText(_folder["out/part-0.txt"]));
    }

    [Fact]
    public async Task Open_RunThatFailed_LeavesTheOutputBefore()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]);
        await sink.WriteAsync(["first"]);
        await using (ISinkWriter<string> writer = await sink.OpenAsync(SourceReads.Context(), default)) await SourceReads.OfferAsync(writer, ["second"]);
        Assert.Equal("first\n", File.ReadAllText(_folder["out.txt"]));
        Assert.Equal(["out.txt"], NamesIn(""));

        _folder.Write(".out.txt.inprogress", "left by a crash");
        await sink.WriteAsync(["third"]);
        Assert.Equal("third\n", File.ReadAllText(_folder["out.txt"]));
        Assert.Equal(["out.txt"], NamesIn(""));
    }

    [Fact]
    public async Task KeepExisting_OutputThere_IsRefused()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]).KeepExisting();
        await sink.WriteAsync(["first"]);
        IOException e = await Assert.ThrowsAsync<IOException>(() => sink.WriteAsync(["second"]));
        Assert.Contains("out.txt", e.Message);
    }

    [Fact]
    public async Task File_SeveralInstances_IsRefusedWithTheCure()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => FileSink.Lines(_folder["out.txt"]).WriteAsync(["x"], context: SourceReads.Context(0, 2)));
        Assert.Contains(".WithParallelism(1)", e.Message);
    }

    [Fact]
    public async Task Write_DiskThatRefuses_NamesThePath()
    {
        _folder.Write("taken", "a file, not a folder");
        IOException e = await Assert.ThrowsAnyAsync<IOException>(() => FileSink.Lines(_folder["taken/out.txt"]).WriteAsync(["x"]));
        Assert.Contains("taken", e.Message);
    }

    [Fact]
    public void Problems_UnsupportedMember_IsNamed()
    {
        Assert.Contains("Nested.Inner", Assert.Single(FileSink.Csv<CsvSourceTests.Nested>("x").Problems));
        Assert.Contains("FileSink.Lines", Assert.Single(FileSink.Csv<int>("x").Problems));
    }

    string[] NamesIn(string folder) => [.. Directory.GetFiles(_folder[folder]).Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
