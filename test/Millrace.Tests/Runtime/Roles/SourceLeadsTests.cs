using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Roles;

public sealed class SourceLeadsTests
{
    readonly List<string> _told = [];
    readonly List<Exception> _failed = [];

    [Fact]
    public async Task Bounded_LastSplitGiven_IsToldBeforeItsEndAndThatAllAreGiven()
    {
        SourceLeads leads = Of(CollectionSource.Of<int>([1, 2, 3]).InSplits(2), parallelism: 2);
        leads.OnAsked("numbers", 1);
        await leads.DiscoverAsync();
        leads.OnAsked("numbers", 0);
        leads.OnAsked("numbers", 1);

        // The second reader hears that there is no more when the last split has gone to the first.
        Assert.Equal(["give 1", "give 0", "end 0", "assigned", "end 1"], _told);
    }

    [Fact]
    public async Task Asked_BeforeAllAreFound_WaitsForThem()
    {
        SourceLeads leads = Of(CollectionSource.Of<int>([1]), parallelism: 1);
        leads.OnAsked("numbers", 0);
        Assert.Empty(_told);

        await leads.DiscoverAsync();

        Assert.Equal(["give 0", "end 0", "assigned"], _told);
    }

    [Fact]
    public void Asked_ByAReaderThatThereIsNot_IsNothing()
    {
        SourceLeads leads = Of(CollectionSource.Of<int>([1]), parallelism: 1);

        leads.OnAsked("numbers", 7);
        leads.OnAsked("letters", 0);

        Assert.Empty(_told);
    }

    [Fact]
    public async Task Discovery_ThatFails_FailsTheSourceByName()
    {
        SourceLeads leads = Of(new BrokenSource(), parallelism: 1);
        leads.OnAsked("numbers", 0);

        await leads.DiscoverAsync();

        OperatorFailedException failure = Assert.IsType<OperatorFailedException>(Assert.Single(_failed));
        Assert.Equal("numbers", failure.OperatorId);
        Assert.IsType<SourceDiscoveryException>(failure.InnerException);
    }

    [Fact]
    public void Cut_SendsTheBarrierWithWhatNobodyHas()
    {
        SourceLeads leads = Of(CollectionSource.Of<int>([1, 2]).InSplits(2), parallelism: 1);

        leads.Cut(states => _told.Add($"barrier with {Assert.Single(states).Key}"));

        Assert.Equal(["barrier with numbers"], _told);
    }

    SourceLeads Of<TSplit>(ISource<int, TSplit> source, int parallelism) where TSplit : ISplit
    {
        JobGraph graph = Engine.Jobs.Graph(flow => flow.Source("numbers", source).Sink("out", DiscardSink.Of<int>()));
        SourceTelling told = new(
            TimeProvider.System, TestContext.Current.CancellationToken, (_, reader, _) => _told.Add($"give {reader}"),
            (_, reader) => _told.Add($"end {reader}"), _ => _told.Add("assigned"));
        return new(graph, Planner.Plan(graph, parallelism, isChaining: true), new Dictionary<string, RestoredOperator>(), told, _failed.Add);
    }

    sealed class BrokenSource : ISource<int, CollectionSplit>
    {
        public bool IsBounded => true;

        public IAsyncEnumerable<CollectionSplit> DiscoverAsync(SourceContext context, CancellationToken cancellationToken) => throw new FormatException("no such folder");

        public ValueTask<ISplitReader<int, CollectionSplit>> OpenAsync(CollectionSplit split, FunctionContext context, CancellationToken cancellationToken) =>
            throw new FormatException("nothing to open");
    }
}
