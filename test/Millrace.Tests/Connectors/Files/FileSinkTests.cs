using Millrace.Testing.Contracts;

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
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Root));
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
        await sink.RunAsync([["of 0"], ["of 1"], []]);
        Assert.Equal(["part-0.txt", "part-1.txt", "part-2.txt"], NamesIn("out"));

        // A second run with fewer instances replaces all of the first, and nothing else.
        _folder.Write("out/notes.txt", "mine");
        await sink.WriteAsync(["again"]);
        Assert.Equal(["notes.txt", "part-0.txt"], NamesIn("out"));
        Assert.Equal("again\n", File.ReadAllText(_folder["out/part-0.txt"]));
        Assert.Empty(Directory.GetDirectories(_folder["out"]));
    }

    [Fact]
    public async Task Open_RunThatFailed_LeavesTheOutputBefore()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]);
        await sink.WriteAsync(["first"]);
        await using (SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 2, isDurable: false)) await run.Writers[0].WriteAsync(["second"]);
        Assert.Equal("first\n", File.ReadAllText(_folder["out.txt"]));
        Assert.Equal(["out.txt"], NamesIn(""));

        await sink.WriteAsync(["third"]);
        Assert.Equal("third\n", File.ReadAllText(_folder["out.txt"]));
        Assert.Equal([_folder["out.txt"]], Directory.GetFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task KeepExisting_OutputThere_IsRefused()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]).KeepExisting();
        await sink.WriteAsync(["first"]);
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(() => sink.WriteAsync(["second"]));
        Assert.Contains("out.txt", e.Message);
    }

    [Fact]
    public async Task KeepExisting_OwnOutputAfterACrash_GoesOn()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]).KeepExisting().RollBy(time: TimeSpan.Zero);
        await using (SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1)) await run.CommitAsync(["first"]);
        await using (SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 2)) await run.CommitAsync(["second"], isLast: true);
        Assert.Equal(["first", "second"], Directory.GetFiles(_folder["out"]).SelectMany(File.ReadAllLines).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task File_SeveralInstances_IsRefusedWithTheCure()
    {
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(() => FileSink.Lines(_folder["out.txt"]).RunAsync([["x"], ["y"]]));
        Assert.Contains(".WithParallelism(1)", e.Message);
    }

    [Fact]
    public async Task Check_DiskThatRefuses_NamesThePathAndTheCure()
    {
        _folder.Write("taken", "a file, not a folder");
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(() => FileSink.Lines(_folder["taken/out.txt"]).WriteAsync(["x"]));
        Assert.Contains(_folder["taken"], e.Message);
        e = await Assert.ThrowsAsync<SinkRefusedException>(() => FileSink.Lines(_folder["taken"]).WriteAsync(["x"]));
        Assert.Contains("which is a file", e.Message);
    }

    [Fact]
    public async Task Checkpoints_ManyInOneFile_AreJoined()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]);
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1);
        for (int i = 0; i < 300; i++) await run.CommitAsync([$"row {i}"]);
        Assert.Empty(NamesIn("out"));
        await run.CommitAsync(["the end"], isLast: true);
        Assert.Equal([.. Enumerable.Range(0, 300).Select(static i => $"row {i}"), "the end"], File.ReadAllLines(Assert.Single(Directory.GetFiles(_folder["out"]))));
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder["out"], ".millrace", "contract~sink", "parts")));
    }

    [Fact]
    public async Task RollBy_Time_PublishesWhatIsOldEnough()
    {
        ManualTime time = new();
        FileSink<string> sink = FileSink.Lines(_folder["out"]).RollBy(time: TimeSpan.FromSeconds(10));
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1, time: time);
        await run.CommitAsync(["a"]);
        time.Advance(TimeSpan.FromSeconds(9));
        await run.CommitAsync(["b"]);
        Assert.Empty(NamesIn("out"));
        time.Advance(TimeSpan.FromSeconds(1));
        // No record since the last part, and a file to publish.
        await run.CommitAsync([]);
        Assert.Equal("a\nb\n", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder["out"]))));
        await run.CommitAsync(["c"], isLast: true);
        Assert.Equal(2, NamesIn("out").Length);
    }

    [Fact]
    public async Task RollBy_Size_CutsBetweenRecords()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]).RollBy(size: 1000);
        string[] lines = [.. Enumerable.Range(0, 1000).Select(static i => $"line {i:D4}")];
        await sink.WriteAsync(lines);
        Assert.Contains("part-0.txt", NamesIn("out"));
        Assert.Equal(10, NamesIn("out").Length);
        Assert.All(Directory.GetFiles(_folder["out"]), static file => Assert.Equal(1000, new FileInfo(file).Length));
        Assert.Equal(lines, Directory.GetFiles(_folder["out"]).SelectMany(File.ReadAllLines).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task BucketByEventTime_RecordsOfTwoDays_AreInTwoFolders()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]).BucketByEventTime();
        Timestamp day = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await using (SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1, isDurable: false))
        {
            await run.Writers[0].WriteAsync(["a", "b", "c"], [day, day + TimeSpan.FromDays(1), day + TimeSpan.FromHours(23)]);
            await run.CommitAsync([], isLast: true);
        }

        Assert.Equal("a\nc\n", File.ReadAllText(_folder["out/2024-01-01/part-0.txt"]));
        Assert.Equal("b\n", File.ReadAllText(_folder["out/2024-01-02/part-0-1.txt"]));
    }

    [Theory]
    [InlineData("../up")]
    [InlineData("/root")]
    [InlineData("a//b")]
    [InlineData(".hidden")]
    [InlineData("a/.hidden")]
    [InlineData("a/")]
    [InlineData("a:b")]
    public async Task Bucket_ThatIsNoFolder_IsRefused(string bucket)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => FileSink.Lines(_folder["out"]).Bucket(_ => bucket).WriteAsync(["x"]));
        Assert.Contains($"'{bucket}'", e.Message);
    }

    [Fact]
    public async Task Bucket_MoreThanMayBeOpen_AllRowsAreWritten()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]).Bucket(static line => line);
        string[] lines = [.. Enumerable.Range(0, 600).Select(static i => $"b{i % 300}")];
        await sink.WriteAsync(lines);
        Assert.Equal(lines.Order(StringComparer.Ordinal), Directory.GetFiles(_folder["out"], "*", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Commit_CutShortWhileJoining_IsRepeated()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]);
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1);
        await run.CommitAsync(["first"]);
        FilePrepared second = await run.PrepareAsync(["second"]);
        // As after loss of power in the middle: longer already, with nothing in it, and the staged part still there.
        string open = _folder[second.Pieces[0].Open];
        using (FileStream stream = File.OpenWrite(open)) stream.SetLength(stream.Length + second.Pieces[0].Length);
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(second, default));
        await run.CommitAsync(["third"], isLast: true);
        Assert.Equal(["first", "second", "third"], File.ReadAllLines(_folder["out.txt"]));
    }

    [Fact]
    public async Task Commit_CutShortAfterPublishing_IsRepeated()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]);
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1);
        await run.CommitAsync(["first"]);
        FilePrepared last = await run.PrepareAsync(["last"], isLast: true);
        string staged = _folder[last.Pieces[0].Staged!];
        File.Copy(staged, staged + ".copy");
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(last, default));
        // As after a crash between publishing and deleting the staged part.
        File.Move(staged + ".copy", staged);
        Assert.Equal(CommitOutcome.Already, await sink.CommitAsync(last, default));
        Assert.False(File.Exists(staged));
        Assert.Equal(["first", "last"], File.ReadAllLines(_folder["out.txt"]));
    }

    [Fact]
    public async Task Commit_OutOfOrder_IsRefused()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out.txt"]);
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1);
        await run.CommitAsync(["first"]);
        FilePrepared second = await run.PrepareAsync(["second"]);
        FilePrepared third = await run.PrepareAsync(["third"]);
        IOException e = await Assert.ThrowsAsync<IOException>(() => sink.CommitAsync(third, default).AsTask());
        Assert.Contains("order", e.Message);
        await sink.CommitAsync(second, default);
        await sink.CommitAsync(third, default);
    }

    [Fact]
    public async Task Commit_StagedPartCutShort_IsNamed()
    {
        FileSink<string> sink = FileSink.Lines(_folder["out"]);
        await using SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(sink, 1);
        FilePrepared prepared = await run.PrepareAsync(["first"]);
        string staged = _folder["out/" + prepared.Pieces[0].Staged];
        using (FileStream stream = File.OpenWrite(staged)) stream.SetLength(1);
        IOException e = await Assert.ThrowsAsync<IOException>(() => sink.CommitAsync(prepared, default).AsTask());
        Assert.Contains(staged, e.Message);
    }

    [Fact]
    public async Task OneFile_StoppedAndGoneOn_ShowsTheOldUntilTheNewIsWhole()
    {
        FileSink<Sale> sink = FileSink.Csv<Sale>(_folder["out.csv"]);
        await using (SinkDeployment<Sale> run = await SinkDeployment<Sale>.StartAsync(sink, 1)) await run.CommitAsync(Sale.Some[..2], isLast: true);
        string before = File.ReadAllText(_folder["out.csv"]);
        await using (SinkDeployment<Sale> run = await SinkDeployment<Sale>.StartAsync(sink, 2, timeline: 2, isFresh: false))
        {
            await run.CommitAsync(Sale.Some[2..4]);
            Assert.Equal(before, File.ReadAllText(_folder["out.csv"]));
        }

        await using (SinkDeployment<Sale> run = await SinkDeployment<Sale>.StartAsync(sink, 3, timeline: 2, isFresh: false)) await run.CommitAsync(Sale.Some[4..], isLast: true);
        Assert.Equal(Sale.Some, await FileSource.Csv<Sale>(_folder["out.csv"]).ReadAllAsync());
        Assert.StartsWith(before, File.ReadAllText(_folder["out.csv"]));
    }

    [Fact]
    public async Task Abandon_NamesThatAreNotOurs_AreLeftAlone()
    {
        _folder.Write("out/.millrace/contract~sink/parts/notes.txt", "mine");
        _folder.Write("out/.millrace/other~sink/parts/1.1~0~n~0-0", "of another job");
        await using (SinkDeployment<string> run = await SinkDeployment<string>.StartAsync(FileSink.Lines(_folder["out"]), 5)) await run.CommitAsync(["x"], isLast: true);
        Assert.True(File.Exists(_folder["out/.millrace/contract~sink/parts/notes.txt"]));
        Assert.True(File.Exists(_folder["out/.millrace/other~sink/parts/1.1~0~n~0-0"]));
    }

    [Fact]
    public void Problems_OneFileThatIsToBeRolled_IsNamed()
    {
        Assert.Contains("give a folder", Assert.Single(FileSink.Lines("out.txt").RollBy(size: 5).Problems));
        Assert.Contains("give a folder", Assert.Single(FileSink.Lines("out.txt").BucketByEventTime().Problems));
        Assert.Contains("one byte or more", Assert.Single(FileSink.Lines("out").RollBy(size: 0).Problems));
        Assert.Contains("zero", Assert.Single(FileSink.Lines("out").RollBy(time: TimeSpan.FromSeconds(-2)).Problems));
        Assert.Empty(FileSink.Lines("out").RollBy(1, Timeout.InfiniteTimeSpan).Problems);
    }

    [Fact]
    public void Problems_UnsupportedMember_IsNamed()
    {
        Assert.Contains("Nested.Inner", Assert.Single(FileSink.Csv<CsvSourceTests.Nested>("x").Problems));
        Assert.Contains("FileSink.Lines", Assert.Single(FileSink.Csv<int>("x").Problems));
    }

    string[] NamesIn(string folder) => [.. Directory.GetFiles(_folder[folder]).Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
