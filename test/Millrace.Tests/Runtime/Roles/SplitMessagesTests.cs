using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;
using Millrace.State.Codecs;

namespace Millrace.Tests.Runtime.Roles;

public sealed class SplitMessagesTests
{
    readonly List<int> _asked = [];

    [Fact]
    public void Inbox_WithoutSplits_AsksOnceForEach()
    {
        SplitInbox<CollectionSplit> inbox = new(isBounded: true, readers: 2, _asked.Add);

        Assert.False(inbox.TryTake(1, 0, out _, out _));
        Assert.False(inbox.TryTake(1, 0, out _, out bool isComplete));
        Assert.False(isComplete);
        Assert.Equal([1], _asked);

        inbox.Give(1, Encoded(4), after: 0);
        Assert.True(inbox.TryTake(1, 0, out SplitPosition<CollectionSplit>? split, out _));
        Assert.Equal(4, split.Split.Part);
        Assert.False(inbox.TryTake(1, 0, out _, out _));
        Assert.Equal([1, 1], _asked);
    }

    [Fact]
    public void Inbox_OfAnUnboundedSource_NeverAsks()
    {
        SplitInbox<CollectionSplit> inbox = new(isBounded: false, readers: 1, _asked.Add);

        Assert.False(inbox.TryTake(0, 0, out _, out _));

        Assert.Empty(_asked);
    }

    [Fact]
    public void Split_GivenAfterABarrier_WaitsUntilItHasPassedTheReader()
    {
        SplitInbox<CollectionSplit> inbox = new(isBounded: false, readers: 1, _asked.Add);
        inbox.Give(0, Encoded(1), after: 6);
        inbox.Give(0, Encoded(2), after: 7);

        Assert.True(inbox.TryTake(0, lastBarrier: 6, out _, out _));
        Assert.False(inbox.TryTake(0, lastBarrier: 6, out _, out _));
        Assert.True(inbox.TryTake(0, lastBarrier: 7, out SplitPosition<CollectionSplit>? split, out _));
        Assert.Equal(2, split.Split.Part);
    }

    [Fact]
    public void Inbox_ThatHasEnded_IsCompleteOnceItIsEmpty()
    {
        SplitInbox<CollectionSplit> inbox = new(isBounded: true, readers: 1, _asked.Add);
        inbox.Give(0, Encoded(1), after: 0);
        inbox.Give(0, Encoded(2), after: 0);
        inbox.End(0);

        Assert.True(inbox.TryTake(0, 0, out _, out bool isComplete));
        Assert.False(isComplete);
        Assert.True(inbox.TryTake(0, 0, out _, out isComplete));
        Assert.True(isComplete);
        Assert.False(inbox.TryTake(0, 0, out _, out isComplete));
        Assert.True(isComplete);
        Assert.Empty(_asked);
    }

    [Fact]
    public void News_WakesTheReadersOnlyWhenItIsSaid()
    {
        Counter first = new(), second = new();
        SplitInbox<CollectionSplit> inbox = new(isBounded: true, readers: 2, _asked.Add);
        inbox.Bind(0, first);
        inbox.Bind(1, second);

        inbox.Give(0, Encoded(1), after: 0);
        Assert.Equal(0, first.Count);
        inbox.Wake(0);
        inbox.OnAllAssigned();
        inbox.WakeAll();

        Assert.Equal((2, 1), (first.Count, second.Count));
        Assert.True(inbox.AllAssigned);
    }

    static byte[] Encoded(int index) =>
        Codec.Of<SplitPosition<CollectionSplit>>().Encode(new(new CollectionSplit(index, 0, 1), Timestamp.None, Timestamp.None));

    sealed class Counter : INotifiable
    {
        public int Count { get; private set; }

        public void Notify() => Count++;
    }
}
