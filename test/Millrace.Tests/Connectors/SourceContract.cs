namespace Millrace.Tests.Connectors;

/// <summary>What every source that can be resumed promises. A source is one subclass.</summary>
public abstract class SourceContract<T, TSplit> where TSplit : class, ISplit
{
    /// <summary>A bounded source that gives <see cref="Expected"/>.</summary>
    protected abstract ISource<T, TSplit> Create();

    /// <summary>All records, split after split.</summary>
    protected abstract IReadOnlyList<T> Expected { get; }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1024)]
    public async Task Read_AnyBatchSize_GivesAllRecordsInOrder(int batch) => Assert.Equal(Expected, await Create().ReadAllAsync(batch));

    [Fact]
    public async Task Discover_Twice_FindsTheSameSplitsWithDistinctIds()
    {
        List<TSplit> first = await Create().DiscoverAsync(1);
        List<TSplit> second = await Create().DiscoverAsync(4);

        Assert.Equal(first, second);
        Assert.Equal(first.Count, first.Select(static s => s.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Position_AfterAnyRecord_ResumesWithTheRest()
    {
        ISource<T, TSplit> source = Create();
        foreach (TSplit split in await source.DiscoverAsync())
        {
            List<T> all = await source.ReadSplitAsync(split);
            List<T> read = [];
            await using ISplitReader<T, TSplit> reader = await source.OpenAsync(split, SourceReads.Context(), default);
            ReadStatus status = ReadStatus.More;
            while (status != ReadStatus.Finished)
            {
                TSplit position = reader.Position;
                Assert.Equal(split.Id, position.Id);
                Assert.Equal(all.Skip(read.Count), await source.ReadSplitAsync(position));
                status = await SourceReads.StepAsync(reader, read, 1);
            }

            Assert.Empty(await source.ReadSplitAsync(reader.Position));
        }
    }

    [Fact]
    public async Task Position_WhileNothingIsRead_IsEqual()
    {
        ISource<T, TSplit> source = Create();
        await using ISplitReader<T, TSplit> reader = await source.OpenAsync((await source.DiscoverAsync())[0], SourceReads.Context(), default);

        Assert.Equal(reader.Position, reader.Position);
    }

    [Fact]
    public async Task Wait_WithRecordsAtHand_CompletesAgainAndAgain()
    {
        ISource<T, TSplit> source = Create();
        TSplit? split = null;
        foreach (TSplit any in await source.DiscoverAsync())
        {
            if ((await source.ReadSplitAsync(any)).Count > 0) split ??= any;
        }

        await using ISplitReader<T, TSplit> reader = await source.OpenAsync(split!, SourceReads.Context(), default);

        for (int i = 0; i < 3; i++) await reader.WaitAsync(default).AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);

        List<T> read = [];
        Assert.NotEqual(ReadStatus.Empty, SourceReads.Read(reader, read, 1));
        Assert.Single(read);
    }

    [Fact]
    public async Task Dispose_InMidstream_Completes()
    {
        ISource<T, TSplit> source = Create();
        ISplitReader<T, TSplit> reader = await source.OpenAsync((await source.DiscoverAsync())[0], SourceReads.Context(), default);
        await SourceReads.StepAsync(reader, [], 1);

        await reader.DisposeAsync().AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);
    }

    [Fact]
    public void Problems_OfAnOrdinarySource_AreNone() => Assert.Empty(Create().Problems);
}
