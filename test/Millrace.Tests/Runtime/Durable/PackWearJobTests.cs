using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A state that does not change was once written beside one that is gone since.</summary>
public sealed class PackWearJobTests
{
    const int Kept = 20_000, Passing = 100;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _gone, _known;

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Pack_MostlyInVain_IsWrittenAgainAndGoes(int parallelism)
    {
        HeldSource numbers = new(Kept + Passing, Kept), again = new(Kept, 0);
        DurableJob job = Start(new StartFrom.Unsaid(), parallelism, numbers, again);
        await Task.WhenAny(numbers.Reached, job.Completion);
        await job.CheckpointAsync().TakenAsync();
        string[] first = Packs();
        numbers.Release();
        await Task.WhenAny(_passed.Task, job.Completion);
        for (int i = 0; i < 2; i++) await job.CheckpointAsync().TakenAsync();
        Assert.Equal(first, Packs().Intersect(first));   // too young to be written again

        for (int i = 0; i < 2; i++) await job.CheckpointAsync().TakenAsync();
        string[] fresh = Packs();
        Assert.DoesNotContain(fresh, first.Contains);

        for (int i = 0; i < 5; i++) await job.CheckpointAsync().TakenAsync();
        Assert.Equal(fresh, Packs());   // what is all needed stays as it is
        job.Cancel();
        await job.Completion;

        // Every number is still known.
        job = Start(new StartFrom.Latest(), 3, new(Kept + Passing, -1), new(Kept, -1));
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Kept, _known);
    }

    DurableJob Start(StartFrom from, int parallelism, HeldSource numbers, HeldSource again)
    {
        DurableOptions options = StoredJob.Options(_store, from);
        options = options with { Checkpoints = options.Checkpoints with { Wear = PackWear.Default with { Age = 3 }, Retained = 1 } };
        return EmbeddedCluster.StartDurable(Flow(numbers, again).Build(), new() { Parallelism = parallelism, Threads = 2, Time = TimeProvider.System }, options);
    }

    string[] Packs() => [.. _store.Keys.Where(static key => key.Contains("/packs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    Dataflow Flow(HeldSource numbers, HeldSource again)
    {
        Dataflow flow = new("wear");
        DataStream<int> all = flow.Source("numbers", numbers).Union(flow.Source("again", again));
        all.KeyBy(static n => n).Process("kept", static state => new Keep(state)).Sink("known", CallbackSink.Of<int>(_ => Interlocked.Increment(ref _known)));
        all.KeyBy(static n => n % Passing).Process("passing", static state => new Pass(state)).Sink("gone", CallbackSink.Of<int>(_ =>
        {
            if (Interlocked.Increment(ref _gone) == Passing) _passed.TrySetResult();
        }));
        return flow;
    }

    /// <summary>Remembers numbers, and tells those it knew.</summary>
    sealed class Keep(StateScope state) : IKeyedProcess<int, int, int>
    {
        readonly ValueState<bool> _seen = state.Value<bool>("seen");

        public void OnRecord(in Record<int> record, Output<int> output)
        {
            if (_seen.GetOr(false)) output.Emit(record.Value);
            _seen.Set(true);
        }
    }

    /// <summary>Holds a kilobyte for each number, until the number that ends it.</summary>
    sealed class Pass(StateScope state) : IKeyedProcess<int, int, int>
    {
        readonly ListState<string> _bulk = state.List<string>("bulk");

        public void OnRecord(in Record<int> record, Output<int> output)
        {
            if (record.Value < Kept)
            {
                _bulk.Add(new string('x', 1_000));
                return;
            }

            _bulk.Clear();
            output.Emit(record.Value);
        }
    }
}
