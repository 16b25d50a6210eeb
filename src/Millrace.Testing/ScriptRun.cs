using System.Runtime.ExceptionServices;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Testing;

/// <summary>
/// The tasks of a script: the plan's own, except that the test takes the place of the source and writes to its channels. So watermarks
/// can be set one by one, which no real source does. Used by one thread.
/// </summary>
/// <typeparam name="T">The record type sent.</typeparam>
sealed class ScriptRun<T> : ITaskOwner, INotifiable
{
    readonly TestScheduler _scheduler = new();
    readonly ManualTimeProvider _time;
    readonly List<Channel<T>> _channels = [];
    readonly StreamTask[] _tasks;
    ExceptionDispatchInfo? _failure;
    bool _isClosed;

    public ScriptRun(Action<DataStream<T>> define, ManualTimeProvider time)
    {
        _time = time;
        Dataflow flow = new("script");
        define(flow.Source("script", new ScriptedSource<T>(), WatermarkStrategy.BoundedOutOfOrderness<T>(TimeSpan.Zero)).DisableChaining());
        PlanModel plan = Planner.Plan(flow.Build(), parallelism: 1);
        BuildContext context = new(plan, time, new NoServices(), CancellationToken.None)
        {
            SinkContextOf = id => new("script", id, new string('0', 32), "1.1", "1", IsFresh: true, IsDurable: false, time, new NoServices()),
        };
        PlanChain source = plan.Chains.First(static c => c.Nodes[0].Inputs.Count == 0);
        foreach (PlanEdge edge in plan.Edges.Where(e => e.FromChain == source))
        {
            Channel<T> channel = context.GridOf<T>(edge, hasTimestamps: true).Between(0, 0);
            channel.BindProducer(this);
            _channels.Add(channel);
        }

        _tasks = [.. plan.Chains.Where(c => c != source).Select(c => TaskBuilder.Build(context, c, 0, _scheduler, this))];
        foreach (Cell cell in _tasks.SelectMany(static t => t.Driver.Cells)) cell.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public bool IsStopping => false;

    public void OnEnded(StreamTask task, Exception? failure)
    {
        if (failure is not null) _failure ??= ExceptionDispatchInfo.Capture(failure);
    }

    /// <summary>A channel has a free batch again. Nobody waits for one: each batch is handled before the next is sent.</summary>
    public void Notify() { }

    public void Send(ReadOnlySpan<T> records, Timestamp timestamp)
    {
        while (!records.IsEmpty)
        {
            int count = Math.Min(records.Length, Runtime.Limits.BatchRecordsMin);
            foreach (Channel<T> channel in _channels)
            {
                Batch<T> batch = Rent(channel);
                records[..count].CopyTo(batch.Values);
                batch.Timestamps.AsSpan(0, count).Fill(timestamp);
                batch.Count = count;
                channel.Send(batch);
            }

            Run();
            records = records[count..];
        }
    }

    public void Advance(Timestamp watermark) => Tell(batch => batch.Watermark = watermark);

    public void End()
    {
        Tell(static batch => batch.Signal = ChannelSignal.End);
        Close();
    }

    public void AdvanceClock(DateTimeOffset end)
    {
        while (_time.NextTimer is { } next && next <= end)
        {
            _time.SetUtcNow(next);
            Run();
        }

        _time.SetUtcNow(end);
        Run();
    }

    public void Close()
    {
        if (_isClosed) return;
        _isClosed = true;
        foreach (StreamTask task in _tasks) task.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    void Tell(Action<Batch<T>> tell)
    {
        foreach (Channel<T> channel in _channels)
        {
            Batch<T> batch = Rent(channel);
            tell(batch);
            channel.Send(batch);
        }

        Run();
    }

    Batch<T> Rent(Channel<T> channel)
    {
        if (_isClosed) throw new InvalidOperationException("the input has ended; nothing can follow End()");
        return channel.TryRent(out Batch<T>? batch) ? batch : throw new InvalidOperationException("the function does not take its input: an asynchronous call is under way");
    }

    void Run()
    {
        while (_scheduler.RunOne())
        {
        }

        _failure?.Throw();
    }

    sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
