using Millrace.Hosting;
using Millrace.Runtime;

namespace Millrace.Tests.Hosting;

public sealed class ProgressTextTests
{
    static OperatorStatus Operator(string verb, long records, Timestamp watermark, long late = 0) => new(
        verb, verb, 1, records, records, watermark, verb == "Source", verb == "Sink", new Dictionary<string, long> { ["numLateRecordsDropped"] = late });

    [Fact]
    public void Of_AJobWithEventTime_TellsWhereTheSlowestStands()
    {
        Timestamp noon = new DateTime(2001, 1, 1, 12, 0, 0, DateTimeKind.Utc);
        TimeSpan tick = TimeSpan.FromTicks(1);
        JobStatus status = new(
            "orders", [Operator("Source", 1_234_567, noon + TimeSpan.FromHours(1)), Operator("Count", 1_000, noon - tick, 3), Operator("Sink", 89, Timestamp.None)]);

        Assert.Equal(
            "orders  1:02:03  1,234,567 read  5,000/s  89 written  3 late  event time 2001-01-01T12:00:00Z",
            ProgressText.Of(status, new TimeSpan(1, 2, 3), 5_000.2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_AJobWithoutEventTimeOrAtItsEnd_LeavesItOut(bool hasEnded)
    {
        JobStatus status = new("orders", [Operator("Source", 5, hasEnded ? Timestamp.MaxValue : Timestamp.None)]);

        Assert.Equal("orders  0:07  5 read  0/s  0 written", ProgressText.Of(status, TimeSpan.FromSeconds(7), 0));
    }
}
