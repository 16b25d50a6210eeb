using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class SinkCellTests
{
    static readonly Barrier Seventh = new(7, 6, Alignment.Aligned, Timeout.InfiniteTimeSpan, IsStop: false, IsDrain: false, IsSavepoint: false);

    [Fact]
    public void Step_BarrierAlone_SealsWhatIsBeforeIt() => Assert.Equal<Barrier?>([Seventh], Sealed(ChannelSignal.None, Seventh));

    // The end of one channel passes on a barrier that the others have delivered: both are in one batch, and nothing comes after it.
    [Fact]
    public void Step_BarrierInTheBatchThatEndsTheInput_SealsTheLastPart() => Assert.Equal<Barrier?>([null], Sealed(ChannelSignal.End, Seventh));

    [Fact]
    public void Step_EndAlone_SealsTheLastPart() => Assert.Equal<Barrier?>([null], Sealed(ChannelSignal.End, null));

    static List<Barrier?> Sealed(ChannelSignal signal, Barrier? barrier)
    {
        Link<long> link = new(false, new Batch<long>(4, false));
        SealedEnd end = new();
        TaskSnapshots snapshots = new(new(0, 1));
        // Of two operators, so that the cut waits for the other and is not handed over.
        snapshots.Bind(null!, operators: 2, new Nobody());
        SinkCell<long> cell = new(end, link, new Nobody(), CancellationToken.None) { OperatorId = "sink", Snapshots = snapshots };
        link.AddReader(cell);
        link.Batch.Values[0] = 5;
        link.Batch.Count = 1;
        link.Batch.Signal = signal;
        link.Batch.Barrier = barrier;
        if (barrier is not null) snapshots.Begin(barrier);
        link.Publish();

        Assert.Equal(CellStep.NeedInput, cell.Step());
        Assert.Equal(signal == ChannelSignal.End, cell.IsEnded);
        Assert.Equal(barrier is null ? [] : [6L], end.AskedAfter);
        return end.Barriers;
    }

    sealed class SealedEnd : ISinkEnd<long>
    {
        public List<Barrier?> Barriers { get; } = [];

        public List<long> AskedAfter { get; } = [];

        public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void TryWrite(ref BatchReader<long> batch) => batch.Take(batch.Values.Length);

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask SealAsync(Barrier? barrier, CancellationToken cancellationToken)
        {
            Barriers.Add(barrier);
            return ValueTask.CompletedTask;
        }

        public Task<IReadOnlyList<OwedTransaction>>? PreparedAfter(long confirmed)
        {
            AskedAfter.Add(confirmed);
            return null;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    sealed class Nobody : INotifiable, ISnapshotCollector
    {
        public void OnCut(StreamTask task, TaskCut cut) => Assert.Fail("half a cut is handed over");

        public void Notify()
        {
        }
    }
}
