using System.Globalization;
using System.Runtime.CompilerServices;

namespace Millrace.Testing;

/// <summary>
/// A source whose records the test sends, before or while the job runs. It ends when told to. Several runs may read one object, each
/// from the start. Thread-safe.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class ScriptedSource<T> : ISource<T, ScriptedSplit>
{
    readonly ScriptedInput<T>[] _splits;

    /// <summary>A source of one split or several.</summary>
    /// <param name="splits">One or more.</param>
    public ScriptedSource(int splits = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(splits, 1);
        _splits = [.. Enumerable.Range(0, splits).Select(static _ => new ScriptedInput<T>())];
    }

    /// <summary>Whether readers get one split after the other, as those of a file source do, rather than all their splits at once. The default is false.</summary>
    public bool IsBounded { get; init; }

    /// <summary>One of the splits.</summary>
    public ScriptedInput<T> this[int split] => _splits[split];

    /// <summary>Sends records to the first split.</summary>
    public ScriptedSource<T> Send(params T[] records)
    {
        _splits[0].Send(records);
        return this;
    }

    /// <summary>Sends a record with a timestamp of its own to the first split, for strategies that read none from the record.</summary>
    public ScriptedSource<T> Send(T record, Timestamp timestamp)
    {
        _splits[0].Send(record, timestamp);
        return this;
    }

    /// <summary>Ends all splits.</summary>
    public void End() => Array.ForEach(_splits, static s => s.End());

    /// <inheritdoc/>
    public async IAsyncEnumerable<ScriptedSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        for (int part = 0; part < _splits.Length; part++) yield return new ScriptedSplit(part, 0);
    }

    /// <inheritdoc/>
    public ValueTask<ISplitReader<T, ScriptedSplit>> OpenAsync(ScriptedSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(split);
        return new(new ScriptedReader<T>(_splits[split.Part], split));
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"script of {typeof(T).Name}";
}

/// <summary>A split of a <see cref="ScriptedSource{T}"/>.</summary>
/// <param name="Part">Which split, from zero.</param>
/// <param name="Next">The index of the next record.</param>
public sealed record ScriptedSplit(int Part, int Next) : ISplit
{
    /// <inheritdoc/>
    public string Id => Part.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What the test sends to one split of a <see cref="ScriptedSource{T}"/>. Thread-safe.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class ScriptedInput<T>
{
    readonly Lock _lock = new();   // guards everything below
    readonly List<Timestamped<T>> _records = [];
    readonly List<TaskCompletionSource> _waiting = [];
    Exception? _failure;
    bool _isEnded;

    internal ScriptedInput()
    {
    }

    /// <summary>Sends records.</summary>
    public ScriptedInput<T> Send(params T[] records)
    {
        ArgumentNullException.ThrowIfNull(records);
        Change(() => _records.AddRange(records.Select(static r => new Timestamped<T>(r, Timestamp.None))));
        return this;
    }

    /// <summary>Sends a record with a timestamp of its own, for strategies that read none from the record.</summary>
    public ScriptedInput<T> Send(T record, Timestamp timestamp)
    {
        Change(() => _records.Add(new(record, timestamp)));
        return this;
    }

    /// <summary>Ends the split after what was sent.</summary>
    public void End() => Change(() => _isEnded = true);

    /// <summary>Lets the reader throw after what was sent.</summary>
    public void Fail(Exception failure) => Change(() => _failure = failure);

    internal ReadStatus Read(ref BatchWriter<T> batch, ref int next)
    {
        lock (_lock)
        {
            for (; batch.HasRoom && next < _records.Count; next++)
            {
                if (_records[next].Timestamp.IsNone) batch.Add(_records[next].Value);
                else batch.Add(_records[next].Value, _records[next].Timestamp);
            }

            if (next < _records.Count) return ReadStatus.More;
            // What was sent before the failure travels first.
            if (_failure is not null && batch.Count > 0) return ReadStatus.More;
            if (_failure is not null) throw _failure;
            return _isEnded ? ReadStatus.Finished : ReadStatus.Empty;
        }
    }

    internal Task WaitAsync(int next, CancellationToken cancellationToken)
    {
        // Completes on the thread of whoever sends, so that a stepped job stays on the thread of the test.
        TaskCompletionSource waiting = new();
        lock (_lock)
        {
            if (next < _records.Count || _isEnded || _failure is not null) return Task.CompletedTask;
            _waiting.Add(waiting);
        }

        cancellationToken.UnsafeRegister(static (w, token) => ((TaskCompletionSource)w!).TrySetCanceled(token), waiting);
        return waiting.Task;
    }

    void Change(Action change)
    {
        TaskCompletionSource[] waiting;
        lock (_lock)
        {
            if (_isEnded) throw new InvalidOperationException("the split has ended; send before End()");
            change();
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        foreach (TaskCompletionSource one in waiting) one.TrySetResult();
    }
}

sealed class ScriptedReader<T>(ScriptedInput<T> input, ScriptedSplit split) : ISplitReader<T, ScriptedSplit>
{
    int _next = split.Next;

    public ScriptedSplit Position => split with { Next = _next };

    public ReadStatus TryRead(ref BatchWriter<T> batch) => input.Read(ref batch, ref _next);

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(input.WaitAsync(_next, cancellationToken));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
