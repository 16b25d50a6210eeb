using System.Globalization;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A record of a trial: all there is to know follows from where it stands.</summary>
public readonly record struct Reading(int Split, int Index);

public sealed record TrialSplit(int Split, int Next) : ISplit
{
    public string Id => Split.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How far the splits may be read, and how many records went through: what a test steers and watches one run of a job by. Thread-safe.</summary>
public sealed class TrialGate(int limit = int.MaxValue)
{
    readonly Lock _lock = new();   // guards everything below
    readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _limit = limit;
    long _passed;

    public int Limit
    {
        get
        {
            lock (_lock) return _limit;
        }
    }

    /// <summary>How many records went through since the run began, restarts included.</summary>
    public long Passed
    {
        get
        {
            lock (_lock) return _passed;
        }
    }

    /// <summary>Completes when the limit is another.</summary>
    public Task Moved
    {
        get
        {
            lock (_lock) return _moved.Task;
        }
    }

    public void Open(int limit = int.MaxValue)
    {
        TaskCompletionSource moved;
        lock (_lock)
        {
            _limit = limit;
            moved = _moved;
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.TrySetResult();
    }

    public void Pass()
    {
        lock (_lock)
        {
            _passed++;
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Count > _passed) continue;
                _waiting[i].Reached.TrySetResult();
                _waiting.RemoveAt(i);
            }
        }
    }

    /// <summary>Completes when so many records went through.</summary>
    public Task PassedAsync(long count)
    {
        lock (_lock)
        {
            if (_passed >= count) return Task.CompletedTask;
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }
}

/// <summary>Splits that are read side by side, each up to the limit of the gate, the first of them perhaps shorter than the others.</summary>
public sealed class TrialSource(TrialGate gate, int splits, Func<int, int> countOf) : ISource<Reading, TrialSplit>
{
    readonly TaskCompletionSource _found = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <value>Not bounded, so that a reader reads all its splits at once and event time gets on from the start.</value>
    public bool IsBounded => false;

    public async IAsyncEnumerable<TrialSplit> DiscoverAsync(
        SourceContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        for (int split = 0; split < splits; split++) yield return new TrialSplit(split, 0);
        _found.TrySetResult();
    }

    public ValueTask<ISplitReader<Reading, TrialSplit>> OpenAsync(TrialSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(gate, _found.Task, split, countOf(split.Split)));

    sealed class Reader(TrialGate gate, Task found, TrialSplit split, int count) : ISplitReader<Reading, TrialSplit>
    {
        // Small enough that barriers come between the records of a split.
        const int ReadMax = 64;

        int _next = split.Next;
        bool _isReady;

        public TrialSplit Position => split with { Next = _next };

        public ReadStatus TryRead(ref BatchWriter<Reading> batch)
        {
            if (!found.IsCompleted) return ReadStatus.Empty;
            if (!_isReady)
            {
                // The source head takes the splits that were found last before it asks again: none of them is behind event time.
                _isReady = true;
                return ReadStatus.More;
            }

            int end = Math.Min(count, gate.Limit);
            for (int i = 0; i < ReadMax && _next < end && batch.HasRoom; i++) batch.Add(new Reading(split.Split, _next++));
            return _next >= count ? ReadStatus.Finished : _next >= end ? ReadStatus.Empty : ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            if (!found.IsCompleted) return new(found.WaitAsync(cancellationToken));
            Task moved = gate.Moved;
            // The limit may have moved between the read and this.
            return _next < Math.Min(count, gate.Limit) ? ValueTask.CompletedTask : new(moved.WaitAsync(cancellationToken));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
