using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class BlockedTimersTests
{
    [Fact]
    public void OperatorCell_ToldThatItsTimeHasCome_AsksForNoOtherAlarmUntilItHasFired()
    {
        Link<int> input = new(false, new Batch<int>(4, false));
        OutputPort<int> main = new(new Link<int>(false, new Batch<int>(4, false)), null);
        OperatorCell<int, int> cell = new(new AlwaysDue(), input, main, []) { OperatorId = "due", Snapshots = new(new(0, 1)) };
        Timestamp now = Timestamp.FromUnixSeconds(10);
        Assert.Equal(Timestamp.FromUnixSeconds(1), cell.NextProcessingTime);

        // What follows is blocked, so the cell is told but not stepped: an alarm in the past would wake the task over and over.
        cell.OnProcessingTime(now);
        Assert.Equal(Timestamp.MaxValue, cell.NextProcessingTime);
        Assert.True(cell.HasWork);

        cell.Step();
        Assert.Equal(Timestamp.FromUnixSeconds(1), cell.NextProcessingTime);
    }

    sealed class AlwaysDue : IOperator<int, int>
    {
        public Timestamp NextProcessingTime => Timestamp.FromUnixSeconds(1);

        public void Process(Batch<int> input, ref int position, OutputBuffer<int> output) => position = input.Count;
    }
}
