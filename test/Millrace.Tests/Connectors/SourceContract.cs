namespace Millrace.Tests.Connectors;

/// <summary>What every source that can be resumed promises: the test kit's contract, one test per part. A source is one subclass.</summary>
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
    public Task Read_AnyBatchSize_GivesAllRecordsInOrder(int batch) => Contract.CheckReadAsync(batch);

    [Fact]
    public Task Discover_Twice_FindsTheSameSplitsWithDistinctIds() => Contract.CheckSplitsAsync();

    [Fact]
    public Task Position_AfterAnyRecord_ResumesWithTheRest() => Contract.CheckPositionsAsync();

    [Fact]
    public Task Wait_WithRecordsAtHand_CompletesAgainAndAgain() => Contract.CheckWaitAsync();

    [Fact]
    public Task Dispose_InMidstream_Completes() => Contract.CheckDisposeAsync();

    [Fact]
    public void Problems_OfAnOrdinarySource_AreNone() => Contract.CheckProblems();

    Millrace.Testing.Contracts.SourceContract<T, TSplit> Contract => new(Create, Expected);
}
