using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class LinkTests
{
    readonly Link<int> _link = new(true, new Batch<int>(4, true));

    [Fact]
    public void Publish_AWatermarkBehindWhereEventTimeBegan_PassesNone()
    {
        // A source reads on from a split that had been idle; what follows it was further already.
        _link.StartAt(new(100));
        Assert.Equal((Timestamp.None, new Timestamp(100)), Publish(70));
        Assert.Equal((Timestamp.None, new Timestamp(100)), Publish(99));
        Assert.Equal((new Timestamp(100), new Timestamp(100)), Publish(100));
        Assert.Equal((new Timestamp(101), new Timestamp(101)), Publish(101));
    }

    [Fact]
    public void Publish_AnExactWatermarkBehindWhereEventTimeBegan_PassesThatOne()
    {
        // Whether a record is late must not depend on how records were batched: what is exact reaches all, as what it is.
        _link.StartAt(new(100));
        Assert.Equal((new Timestamp(100), new Timestamp(100)), Publish(70, isExact: true));
        Assert.Equal((new Timestamp(120), new Timestamp(120)), Publish(120, isExact: true));
    }

    [Fact]
    public void Publish_WithoutWatermark_LeavesEventTimeAsItIs()
    {
        _link.StartAt(new(100));
        _link.StartAt(Timestamp.None);
        Assert.Equal((Timestamp.None, new Timestamp(100)), Publish(null));
    }

    (Timestamp Passed, Timestamp Known) Publish(long? watermark, bool isExact = false)
    {
        Timestamp passed = Timestamp.None;
        _link.Released = batch =>
        {
            passed = batch.Watermark;
            batch.Reset();
        };
        _link.Batch.Count = 1;
        _link.Batch.Watermark = watermark is { } ticks ? new(ticks) : Timestamp.None;
        _link.Batch.IsWatermarkExact = isExact;
        _link.Publish();
        return (passed, _link.Watermark);
    }
}
