using System.Runtime.CompilerServices;

namespace Millrace.Tests.Connectors;

public sealed class CollectionSourceTests : SourceContract<int, CollectionSplit>
{
    protected override IReadOnlyList<int> Expected { get; } = [.. Enumerable.Range(0, 50)];

    protected override ISource<int, CollectionSplit> Create() => CollectionSource.Of(Expected.ToArray()).InSplits(3);

    [Fact]
    public async Task Read_OtherCollections_GiveTheSame()
    {
        Assert.Equal(Expected, await CollectionSource.Of(Expected.ToList()).ReadAllAsync());
        Assert.Equal(Expected, await CollectionSource.Of(new ArraySegment<int>([.. Expected])).ReadAllAsync());
        Assert.Empty(await CollectionSource.Of<int>([]).ReadAllAsync());
    }

    [Fact]
    public void InSplits_None_IsAProblem() => Assert.Contains("InSplits", Assert.Single(CollectionSource.Of([1]).InSplits(0).Problems));

    [Fact]
    public async Task Open_CollectionThatShrank_IsRefused()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await CollectionSource.Of([1]).OpenAsync(new CollectionSplit(0, 0, 2), SourceReads.Context(), default));
        Assert.Contains("only 1 items", e.Message);
    }

    [Fact]
    public async Task Read_Array_AllocatesNothing()
    {
        var source = CollectionSource.Of(new long[100_000]);
        await using var reader = await source.OpenAsync(new CollectionSplit(0, 0, 100_000), SourceReads.Context(), default);
        long[] values = new long[100];
        Timestamp[] timestamps = new Timestamp[100];
        long allocated = Drain(reader, values, timestamps);
        Assert.InRange(allocated, 0, 1000);

        static long Drain(ISplitReader<long, CollectionSplit> reader, long[] values, Timestamp[] timestamps)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ReadStatus status;
            do
            {
                BatchWriter<long> batch = new(values, timestamps);
                status = reader.TryRead(ref batch);
            }
            while (status != ReadStatus.Finished);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}

public sealed class AsyncEnumerableSourceTests : SourceContract<int, SequenceSplit>
{
    protected override IReadOnlyList<int> Expected { get; } = [.. Enumerable.Range(0, 20)];

    protected override ISource<int, SequenceSplit> Create() => AsyncEnumerableSource.Of(CountAsync).WithReadAhead(4).Replayable();

    [Fact]
    public async Task Open_AfterRecordsWereRead_IsRefusedUnlessReplayable()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await AsyncEnumerableSource.Of(CountAsync).OpenAsync(new SequenceSplit(3), SourceReads.Context(), default));
        Assert.Contains(".Replayable()", e.Message);
    }

    [Fact]
    public async Task Read_SequenceThatThrows_GivesTheRecordsBeforeAndThenTheException()
    {
        var source = AsyncEnumerableSource.Of(ThrowAfterTwoAsync);
        await using var reader = await source.OpenAsync(new SequenceSplit(0), SourceReads.Context(), default);
        List<int> read = [];
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            while (true) await SourceReads.StepAsync(reader, read, 1);
        });
        Assert.Equal("gone", e.Message);
        Assert.Equal([0, 1], read);
    }

    [Fact]
    public void Unbounded_IsNotBounded() => Assert.False(AsyncEnumerableSource.Of(CountAsync).Unbounded().IsBounded);

    async IAsyncEnumerable<int> CountAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (int i in Expected)
        {
            if (i % 3 == 0) await Task.Yield();
            yield return i;
        }
    }

    static async IAsyncEnumerable<int> ThrowAfterTwoAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 0;
        await Task.Yield();
        yield return 1;
        throw new TimeoutException("gone");
    }
}

public sealed class GeneratorSourceTests : SourceContract<long, GeneratorSplit>
{
    protected override IReadOnlyList<long> Expected { get; } =
        [.. Enumerable.Range(0, 3).SelectMany(static part => Enumerable.Range(0, 31).Select(static i => (long)i).Where(i => i % 3 == part))];

    protected override ISource<long, GeneratorSplit> Create() => GeneratorSource.Of(31, static r => r.Index).InSplits(3);

    [Fact]
    public async Task Read_AnySplits_MakesTheSameRecordPerIndex()
    {
        var one = GeneratorSource.Of(1000, static r => (r.Index, r.NextInt64(1_000_000), r.NextDouble())).WithSeed(7);
        var many = one.InSplits(8);
        Assert.Equal(await one.ReadAllAsync(), (await many.ReadAllAsync()).OrderBy(static r => r.Index));
        Assert.NotEqual(await one.ReadAllAsync(), await one.WithSeed(8).ReadAllAsync());
    }

    [Fact]
    public async Task Random_IsSpreadEvenly()
    {
        List<long> drawn = await GeneratorSource.Of(100_000, static r => r.NextInt64(10)).ReadAllAsync(1024);
        Assert.All(drawn.CountBy(static d => d), static pair => Assert.InRange(pair.Value, 9_600, 10_400));
    }

    [Fact]
    public async Task Rate_GivesWhatIsDueAndCatchesUp()
    {
        ManualTime time = new();
        var source = GeneratorSource.Unbounded(static r => r.Index).WithRate(1000);
        await using var reader = await source.OpenAsync(new GeneratorSplit(0, 1, 0), SourceReads.Context(time: time), default);
        List<long> read = [];

        Assert.Equal(ReadStatus.Empty, SourceReads.Read(reader, read, 100));
        Assert.Equal([0], read);
        ValueTask wait = reader.WaitAsync(default);
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await wait.AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);
        Assert.Equal(ReadStatus.Empty, SourceReads.Read(reader, read, 100));
        Assert.Equal([0, 1], read);

        time.Advance(TimeSpan.FromMilliseconds(49.9));
        while (SourceReads.Read(reader, read, 7) == ReadStatus.More)
        {
        }

        Assert.Equal(51, read.Count);
    }

    [Fact]
    public void Problems_NameEveryMistake() =>
        Assert.Equal(3, GeneratorSource.Of(-1, static r => r.Index).InSplits(0).WithRate(0).Problems.Count());
}
