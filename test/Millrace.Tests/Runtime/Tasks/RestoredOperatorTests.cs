using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class RestoredOperatorTests
{
    static readonly RangeWatermark[] s_twoInstances = [new(KeyRange.Of(0, 2), new(110)), new(KeyRange.Of(1, 2), new(103))];

    [Theory]
    [InlineData(0, 4, true, 110)]
    [InlineData(1, 4, true, 110)]
    [InlineData(2, 4, true, 103)]
    [InlineData(1, 3, true, 103)]
    [InlineData(0, 4, false, 103)]
    [InlineData(1, 4, false, 103)]
    [InlineData(0, 2, false, 103)]
    public void EventTime_OfAnotherParallelism_IsThatOfTheSliceOnlyWhereRecordsComeByKey(int index, int parallelism, bool isByKey, long expected)
    {
        RestoredOperator restored = Restored(s_twoInstances, finished: 0);
        Assert.Equal(new Timestamp(expected), restored.WatermarkOf(new TaskSnapshots(new(index, parallelism)) { IsByKey = isByKey }));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 110)]
    public void EventTime_WithoutThatOfAnInstance_BeginsAnewUnlessThatHadFinished(int finished, long expected)
    {
        RestoredOperator restored = Restored([s_twoInstances[0]], finished);
        Assert.Equal(expected == 0 ? Timestamp.None : new(expected), restored.WatermarkOf(new TaskSnapshots(new(0, 2))));
    }

    static RestoredOperator Restored(RangeWatermark[] watermarks, int finished) =>
        new(new() { Id = "op", Verb = "where", Parallelism = 2, Finished = finished, Watermarks = [.. watermarks], States = [] }, new NoRows()) { TakenAt = Timestamp.UnixEpoch };

    sealed class NoRows : IRestoredRows
    {
        public ValueTask RestoreAsync(OperatorEntry op, StateEntry state, KeyRange range, ISnapshotRows rows, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
