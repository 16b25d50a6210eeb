using System.Text;
using Millrace.Testing.Contracts;
using Millrace.Testing.Stores;
using Millrace.Tests.Storage;

namespace Millrace.Tests.Connectors.Files;

/// <summary>Objects that are joined from the pieces of several checkpoints, until they are old, large, or nobody goes on with them.</summary>
public sealed class ObjectRollingTests
{
    static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    readonly ManualTime _time = new();
    readonly MemoryObjectStore _objects = Stores.Memory();

    [Fact]
    public async Task RollBy_Time_PublishesWhatIsOldEnough()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: 10 * s_second);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, ["a"]);
        _time.Advance(9 * s_second);
        await CommitAsync(sink, writer, ["b"]);
        Assert.Empty(await _objects.VisibleAsync("out/"));
        _time.Advance(s_second);
        // No record since the last part, and an object to publish.
        await CommitAsync(sink, writer, []);
        Assert.Equal(["a\nb\n"], await TextsAsync());
        Assert.Empty(Staged);
        await CommitAsync(sink, writer, ["c"], isLast: true);
        Assert.Equal(["a\nb\n", "c\n"], await TextsAsync());
    }

    [Fact]
    public async Task RollBy_TimeAndSize_TheFirstDecides()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(4, 10 * s_second);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, ["a"]);
        await CommitAsync(sink, writer, ["b", "c"]);
        Assert.Equal(["a\nb\n"], await TextsAsync());
        _time.Advance(10 * s_second);
        await CommitAsync(sink, writer, ["d"]);
        Assert.Equal(["a\nb\n", "c\nd\n"], await TextsAsync());
    }

    [Fact]
    public async Task RollBy_TimeWithBuckets_EachHasItsOwnAge()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").BucketByEventTime().RollBy(time: 10 * s_second);
        Timestamp day = Timestamp.FromUnixMilliseconds(0), next = Timestamp.FromUnixMilliseconds(86_400_000);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        await writer.WriteAsync(["a"], [day]);
        await CommitAsync(sink, writer, []);
        _time.Advance(5 * s_second);
        await writer.WriteAsync(["b", "c"], [next, day]);
        await CommitAsync(sink, writer, []);
        _time.Advance(5 * s_second);
        await writer.WriteAsync(["d"], [next]);
        await CommitAsync(sink, writer, []);
        string first = Assert.Single(await _objects.VisibleAsync("out/"));
        Assert.StartsWith("out/1970-01-01/", first, StringComparison.Ordinal);
        Assert.Equal(["a\nc\n"], await TextsAsync());
        _time.Advance(5 * s_second);
        await CommitAsync(sink, writer, []);
        Assert.Equal(["a\nc\n", "b\nd\n"], await TextsAsync());
    }

    [Fact]
    public async Task Csv_Joined_HasOneHeader()
    {
        ObjectSink<Sale> sink = ObjectSink.Csv<Sale>(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        await using ITransactionalWriter<Sale, ObjectPart> writer = await StartAsync(sink, 1);
        await CommitAsync(sink, writer, [Sale.Some[0]]);
        await CommitAsync(sink, writer, [Sale.Some[1]], isLast: true);
        Assert.Equal(["Id,Item,Price,At\n1,plain,1.25,\n2,\"with, comma\",2,2026-11-22T10:45:00Z\n"], await TextsAsync());
    }

    [Fact]
    public async Task RollBy_NoLimitByTime_CompletesAtManyPieces()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        for (int i = 0; i < 256; i++) await CommitAsync(sink, writer, [$"{i}"]);
        Assert.Equal(256, Assert.Single(await TextsAsync()).Count(static c => c == '\n'));
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task Deployment_AfterACrash_PublishesWhatWasCommittedAndNothingElse()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        await using (ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1))
        {
            await CommitAsync(sink, writer, ["a"]);
            await CommitAsync(sink, writer, ["b"]);
            await PrepareAsync(sink, writer, ["prepared for a checkpoint that was not completed"], isLast: false);
        }

        await (await StartAsync(sink, 2)).DisposeAsync();
        Assert.Equal(["a\nb\n"], await TextsAsync());
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task Deployment_ThatOwesAPieceOfAnObject_LeavesItToTheNext()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        ObjectPrepared owed;
        await using (ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1))
        {
            await CommitAsync(sink, writer, ["a"]);
            owed = await PrepareAsync(sink, writer, ["b"], isLast: false);
        }

        await (await StartAsync(sink, 2, owed)).DisposeAsync();
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(owed, default));
        Assert.Empty(await _objects.VisibleAsync("out/"));
        await (await StartAsync(sink, 3)).DisposeAsync();
        Assert.Equal(CommitOutcome.Already, await sink.CommitAsync(owed, default));
        Assert.Equal(["a\nb\n"], await TextsAsync());
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task Deployment_ThatOwesTheLastPiece_LeavesTheObjectToItsCommit()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        ObjectPrepared owed;
        await using (ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1))
        {
            await CommitAsync(sink, writer, ["a"]);
            owed = await PrepareAsync(sink, writer, ["b"], isLast: true);
        }

        await (await StartAsync(sink, 2, owed)).DisposeAsync();
        Assert.Empty(await _objects.VisibleAsync("out/"));
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(owed, default));
        Assert.Equal(CommitOutcome.Already, await sink.CommitAsync(owed, default));
        Assert.Equal(["a\nb\n"], await TextsAsync());
        await (await StartAsync(sink, 3)).DisposeAsync();
        Assert.Empty(Staged);
    }

    [Fact]
    public async Task Commit_StagedPieceGone_IsMissing()
    {
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").RollBy(time: Timeout.InfiniteTimeSpan);
        await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, 1);
        ObjectPrepared first = await CommitAsync(sink, writer, ["a"]);
        ObjectPrepared last = await PrepareAsync(sink, writer, ["b"], isLast: true);
        await _objects.DeleteAsync(first.Pieces[0].Staged, default);
        Assert.Equal(CommitOutcome.Missing, await sink.CommitAsync(first, default));
        Assert.Equal(CommitOutcome.Missing, await sink.CommitAsync(last, default));
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(-1_000)]
    public void RollBy_NegativeTime_IsAProblem(int milliseconds) =>
        Assert.Contains("zero", Assert.Single(ObjectSink.Lines(_objects, "out").RollBy(time: TimeSpan.FromMilliseconds(milliseconds)).Problems), StringComparison.Ordinal);

    /// <summary>Buckets, sizes and ages by chance; deployments that end anywhere. What was committed is visible once, whoever publishes it.</summary>
    [Fact]
    public async Task Deployments_OfAnyLength_ShowEveryCommittedLineOnce()
    {
        for (int seed = 1; seed <= 60; seed++)
        {
            ObjectRollingTests world = new();
            await world.LiveAsync(new Random(seed), $"seed {seed}");
        }
    }

    async Task LiveAsync(Random chance, string context)
    {
        int buckets = chance.Next(1, 6);
        ObjectSink<string> sink = ObjectSink.Lines(_objects, "out").Bucket(line => $"{line.Length % buckets}")
            .RollBy(chance.Next(3) == 0 ? null : chance.Next(10, 200), chance.Next(3) == 0 ? Timeout.InfiniteTimeSpan : chance.Next(0, 20) * s_second);
        List<string> committed = [];
        int line = 0;
        for (int deployment = 1; deployment <= 4; deployment++)
        {
            await using ITransactionalWriter<string, ObjectPart> writer = await StartAsync(sink, deployment);
            int parts = chance.Next(0, 40);
            for (int part = 0; part < parts; part++)
            {
                _time.Advance(chance.Next(0, 4) * s_second);
                string[] lines = [.. Enumerable.Range(0, chance.Next(0, 8)).Select(_ => new string('x', chance.Next(12)) + $"-{++line}")];
                if (lines.Length > 0) await writer.WriteAsync(lines);
                if (!writer.Seal(isLast: false, out ObjectPart? sealing)) continue;
                ObjectPrepared prepared = SinkSteps.Restored(await sink.PrepareAsync(sealing, default));
                // The checkpoint may not come about; then the deployment ends, and so may it after it.
                if (chance.Next(20) == 0) break;
                Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(prepared, default));
                if (chance.Next(4) == 0) Assert.Equal(CommitOutcome.Already, await sink.CommitAsync(prepared, default));
                committed.AddRange(lines);
            }
        }

        await (await StartAsync(sink, 5)).DisposeAsync();
        IEnumerable<string> visible = (await TextsAsync()).SelectMany(static text => text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(committed.Order(StringComparer.Ordinal).SequenceEqual(visible.Order(StringComparer.Ordinal)), context);
        Assert.True(Staged.Length == 0, $"{context}: {string.Join(", ", Staged)}");
    }

    string[] Staged => [.. _objects.Keys.Where(static k => k.StartsWith("out/_staged/", StringComparison.Ordinal)
        && !k.Contains("/deployments/", StringComparison.Ordinal) && !k.EndsWith("/floor", StringComparison.Ordinal) && !k.EndsWith("/0", StringComparison.Ordinal))];

    async Task<ITransactionalWriter<T, ObjectPart>> StartAsync<T>(ObjectSink<T> sink, int deployment, params ObjectPrepared[] owed)
    {
        SinkContext context = SinkSteps.Context(deployment, time: _time);
        await sink.CheckAsync(context, default);
        await sink.AbandonAsync(context, owed, default);
        return await sink.OpenAsync(context, SinkSteps.Function(time: _time), default);
    }

    static async Task<ObjectPrepared> PrepareAsync<T>(ObjectSink<T> sink, ITransactionalWriter<T, ObjectPart> writer, IReadOnlyList<T> records, bool isLast)
    {
        if (records.Count > 0) await writer.WriteAsync(records);
        Assert.True(writer.Seal(isLast, out ObjectPart? part));
        // As it comes out of a manifest.
        return SinkSteps.Restored(await sink.PrepareAsync(part, default));
    }

    static async Task<ObjectPrepared> CommitAsync<T>(ObjectSink<T> sink, ITransactionalWriter<T, ObjectPart> writer, IReadOnlyList<T> records, bool isLast = false)
    {
        ObjectPrepared prepared = await PrepareAsync(sink, writer, records, isLast);
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(prepared, default));
        return prepared;
    }

    async Task<string[]> TextsAsync() => await Task.WhenAll((await _objects.VisibleAsync("out/")).Select(async key => Encoding.UTF8.GetString((await _objects.TryGetAsync(key, default))!)));
}
