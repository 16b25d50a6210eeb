using System.Text;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Testing.Contracts;
using Millrace.Testing.Stores;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.Storage;

namespace Millrace.Tests.Connectors.Files;

public sealed class ObjectSinkTests
{
    readonly MemoryObjectStore _objects = Stores.Memory();
    readonly CountingStore _store;

    public ObjectSinkTests() => _store = new(_objects);

    [Fact]
    public async Task Csv_PartsOfTwoCheckpoints_AreObjectsWithAHeaderEach()
    {
        ObjectSink<Sale> sink = ObjectSink.Csv<Sale>(_store, "out");
        await using ITransactionalWriter<Sale, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, [Sale.Some[0]]);
        await CommitAsync(sink, writer, [Sale.Some[1]]);

        IReadOnlyList<string> keys = await _objects.VisibleAsync("out/");
        Assert.Equal(2, keys.Count);
        Assert.Matches("^out/part-0-0000-1\\.1-[0-9a-f]{16}\\.csv$", keys[0]);
        Assert.Matches("^out/part-0-0001-1\\.1-[0-9a-f]{16}\\.csv$", keys[1]);
        Assert.Equal("Id,Item,Price,At\n1,plain,1.25,\n", await TextAsync(keys[0]));
        Assert.Equal("Id,Item,Price,At\n2,\"with, comma\",2,2026-11-22T10:45:00Z\n", await TextAsync(keys[1]));
    }

    [Fact]
    public async Task JsonLines_WithoutPrefix_AreAtTheRoot()
    {
        ObjectSink<Sale> sink = ObjectSink.JsonLines<Sale>(_store, "");
        Assert.Empty(sink.Problems);
        await using ITransactionalWriter<Sale, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, [Sale.Some[0]]);
        string key = Assert.Single(await _objects.VisibleAsync(""));
        Assert.StartsWith("part-0-0000-", key, StringComparison.Ordinal);
        Assert.EndsWith(".jsonl", key, StringComparison.Ordinal);
        Assert.StartsWith("{\"id\":1,\"item\":\"plain\"", await TextAsync(key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RollBy_Size_SplitsAPart()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out").RollBy(10);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, [.. Enumerable.Range(0, 7).Select(static i => $"line {i}")]);
        IReadOnlyList<string> keys = await _objects.VisibleAsync("out/");
        Assert.Equal(["line 0\nline 1\n", "line 2\nline 3\n", "line 4\nline 5\n", "line 6\n"], await Task.WhenAll(keys.Select(TextAsync)));
    }

    [Fact]
    public async Task BucketByEventTime_Records_GoToTheirDay()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out").BucketByEventTime("yyyy/MM-dd");
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        Timestamp day = Timestamp.FromUnixMilliseconds(0);
        await writer.WriteAsync(["a", "b", "c"], [day, Timestamp.FromUnixMilliseconds(86_400_000), day]);
        await CommitAsync(sink, writer, []);
        IReadOnlyList<string> keys = await _objects.VisibleAsync("out/");
        Assert.Equal(["out/1970/01-01", "out/1970/01-02"], keys.Select(static k => k[..k.LastIndexOf('/')]));
        Assert.Equal(["a\nc\n", "b\n"], await Task.WhenAll(keys.Select(TextAsync)));
    }

    [Theory]
    [InlineData("_staged", "begins with '_'")]
    [InlineData("day=1", "has '='")]
    public async Task Bucket_ThatCannotBeAKey_EndsTheJobAndSaysWhy(string bucket, string why)
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out").Bucket(_ => bucket);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(["a"]));
        Assert.Contains(bucket, e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_MoreThanAreOpenAtATime_LosesNothing()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out").Bucket(static line => line[..2]);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        string[] lines = [.. Enumerable.Range(0, 1000).Select(static i => $"{i % 90:D2} {i}")];
        await CommitAsync(sink, writer, lines);
        string[] written = [.. (await Task.WhenAll((await _objects.VisibleAsync("out/")).Select(TextAsync))).SelectMany(static t => t.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(lines.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Commit_OfALongObject_ReadsItInRanges()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        string[] lines = [.. Enumerable.Range(0, 100_000).Select(static i => $"{i} {new string('x', 90)}")];
        await writer.WriteAsync(lines);
        Assert.True(writer.Seal(false, out ObjectPart? part));
        ObjectPrepared prepared = await sink.PrepareAsync(part, default);
        StoreCounts before = _store.Counts;
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(prepared, default));
        StoreCounts counts = _store.Counts - before;
        Assert.Equal((Reads: 3, Uploads: 1, Deletes: 1, Gets: 0), (counts.Reads, counts.Uploads, counts.Deletes, counts.Gets));
        Assert.Equal(lines, (await TextAsync(Assert.Single(await _objects.VisibleAsync("out/")))).TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Abandon_AfterManyCheckpoints_AsksForFewObjects()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        StoreCounts before = _store.Counts;
        for (int i = 0; i < 200; i++) await CommitAsync(sink, writer, [$"line {i}"]);
        // Staged, copied and deleted; and now and then the range is moved on.
        Assert.InRange((_store.Counts - before).Calls, 200 * 4, 200 * 5);
        await writer.WriteAsync(["lost"]);
        Assert.True(writer.Seal(false, out ObjectPart? part));
        ObjectPrepared lost = await sink.PrepareAsync(part, default);
        await writer.DisposeAsync();
        Assert.Contains(lost.Pieces[0].Staged, _objects.Keys);

        before = _store.Counts;
        await (await StartAsync(sink, 2)).DisposeAsync();
        StoreCounts counts = _store.Counts - before;
        Assert.DoesNotContain(lost.Pieces[0].Staged, _objects.Keys);
        Assert.InRange(counts.Deletes, 2, 40);
        Assert.Equal(0, counts.Lists);
    }

    [Fact]
    public async Task Abandon_ManyPartsNotCommitted_DeletesThoseThatAreNotOwed()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        List<ObjectPrepared> parts = [];
        for (int i = 0; i < 60; i++)
        {
            await writer.WriteAsync([$"line {i}"]);
            Assert.True(writer.Seal(false, out ObjectPart? part));
            parts.Add(await sink.PrepareAsync(part, default));
            // The first ten are committed, so the range moves on; but not past those that are not.
            if (i < 10) Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(parts[^1], default));
        }

        await writer.DisposeAsync();
        ObjectPrepared owed = parts[30];
        await sink.AbandonAsync(SinkSteps.Context(2), [owed], default);
        Assert.Equal([owed.Pieces[0].Staged], parts.Select(static p => p.Pieces[0].Staged).Where(_objects.Keys.Contains));
        // What was owed then, and is not any more, is found by a later deployment.
        await sink.AbandonAsync(SinkSteps.Context(3), [], default);
        Assert.DoesNotContain(owed.Pieces[0].Staged, _objects.Keys);
        Assert.Equal(CommitOutcome.Missing, await sink.CommitAsync(owed, default));
        Assert.Equal(10, (await _objects.VisibleAsync("out/")).Count);
    }

    [Fact]
    public async Task Abandon_AfterManyDeployments_ReadsOnlyThoseNotEnded()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        for (int i = 1; i <= 50; i++)
        {
            await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, i);
            await CommitAsync(sink, writer, [$"line {i}"]);
        }

        StoreCounts before = _store.Counts;
        await (await StartAsync(sink, 51)).DisposeAsync();
        Assert.InRange((_store.Counts - before).Gets, 1, 5);
    }

    [Fact]
    public async Task Sinks_OfOneJobBelowOnePrefix_DoNotMeet()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        SinkContext one = SinkSteps.Context(1), other = one with { OperatorId = "other" };
        foreach (SinkContext context in (SinkContext[])[one, other])
        {
            await sink.AbandonAsync(context, [], default);
            await using ITransactionalWriter<string, ObjectPart> writer = await sink.OpenAsync(context, SinkSteps.Function(), default);
            await CommitAsync(sink, writer, [context.OperatorId]);
        }

        Assert.Equal(2, (await _objects.VisibleAsync("out/")).Count);
    }

    [Fact]
    public async Task Commit_AnotherObjectUnderTheName_IsNamed()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_store, "out");
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        await writer.WriteAsync(["mine"]);
        Assert.True(writer.Seal(false, out ObjectPart? part));
        ObjectPrepared prepared = await sink.PrepareAsync(part, default);
        await _objects.PutAsync(prepared.Pieces[0].Visible, Stores.Text("somebody else's"), default);
        IOException e = await Assert.ThrowsAsync<IOException>(async () => await sink.CommitAsync(prepared, default));
        Assert.Contains(prepared.Pieces[0].Visible, e.Message, StringComparison.Ordinal);
        Assert.Contains(prepared.Pieces[0].Staged, _objects.Keys);
    }

    [Fact]
    public async Task Check_StoreThatRefuses_IsRefusedWithTheCure()
    {
        FaultStore refusing = new(_objects, new(static _ => new StoreFault.Refuse()), TimeProvider.System);
        ObjectSink<string> sink = ObjectSink.Lines(refusing, "out");
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(async () => await sink.CheckAsync(SinkSteps.Context(1), default));
        Assert.Contains("'out'", e.Message, StringComparison.Ordinal);
        Assert.Contains("write, read and delete", e.Message, StringComparison.Ordinal);
        await ObjectSink.Lines(_store, "out").CheckAsync(SinkSteps.Context(1), default);
        Assert.Empty(_objects.Keys);
    }

    [Theory]
    [InlineData("/out", "empty part")]
    [InlineData("out//", "empty part")]
    [InlineData("a b", "has ' '")]
    [InlineData(".out", "begins with a dot")]
    public void Problems_OfAPrefixThatIsNoKey_SayWhy(string prefix, string why) =>
        Assert.Contains(why, Assert.Single(ObjectSink.Lines(_store, prefix).Problems), StringComparison.Ordinal);

    [Fact]
    public async Task Job_InterruptedAndStartedAgain_WritesEveryRecordOnce()
    {
        const int records = 20_000;
        MemoryObjectStore state = Stores.Memory();
        HeldSource source = new(records, records / 2);
        DurableJob job = Start(source);
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        job.Interrupt("test");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
        Assert.Equal(JobEnding.Finished, (await Start(new HeldSource(records, heldAt: -1)).Completion).Ending);

        string[] lines = [.. (await Task.WhenAll((await _objects.VisibleAsync("numbers/")).Select(TextAsync))).SelectMany(static t => t.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(Enumerable.Range(0, records), lines.Select(int.Parse).Order());
        Assert.Equal(0, _store.Counts.Lists);

        DurableJob Start(HeldSource from)
        {
            Dataflow flow = new("numbers");
            flow.Source("numbers", from).WithParallelism(1).Rebalance().Select(static n => $"{n}").Sink("out", ObjectSink.Lines(_store, "numbers"));
            DurableOptions durable = new()
            {
                Store = state, OpenStore = (address, _) => new(state.Under(address["memory://".Length..])), SavepointRoot = "memory://savepoints",
                Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20) },
            };
            return EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = 2, Threads = 2 }, durable);
        }
    }

    static async Task<ITransactionalWriter<T, ObjectPart>> StartAsync<T>(ObjectSink<T> sink, int deployment)
    {
        SinkContext context = SinkSteps.Context(deployment);
        await sink.CheckAsync(context, default);
        await sink.AbandonAsync(context, [], default);
        return await sink.OpenAsync(context, SinkSteps.Function(), default);
    }

    static async Task CommitAsync<T>(ObjectSink<T> sink, ITransactionalWriter<T, ObjectPart> writer, IReadOnlyList<T> records)
    {
        await writer.WriteAsync(records);
        Assert.True(writer.Seal(false, out ObjectPart? part));
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(await sink.PrepareAsync(part, default), default));
    }

    async Task<string> TextAsync(string key) => Encoding.UTF8.GetString((await _objects.TryGetAsync(key, default))!);
}
