using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.Engine;

/// <summary>
/// What an operator emits into: the arrays of one batch, and behind them the overdraft, where a single user call's excess waits until
/// the batch was sent. Owned by one task; not thread-safe. Sealed with plain fields, so that emitting inlines to two stores.
/// </summary>
/// <typeparam name="T">The type emitted.</typeparam>
[Experimental(Experiments.Engine)]
public sealed class OutputBuffer<T>
{
    T[] _values = [];
    Timestamp[] _timestamps = [];
    int _capacity;
    Queue<(T Value, Timestamp Timestamp)>? _overdraft;
    SidePort[] _sides = [];

    /// <summary>How many records the batch holds.</summary>
    public int Count;

    /// <summary>Whether timestamps are kept: whether the stream has event time.</summary>
    public bool HasTimestamps { get; private set; }

    /// <summary>How many records were emitted beyond the room of a batch, in all.</summary>
    public long OverdraftTotal { get; private set; }

    /// <summary>How many records were emitted to side outputs nobody reads, in all.</summary>
    public long UnreadTotal { get; private set; }

    /// <summary>Whether another record fits the batch.</summary>
    public bool HasRoom => Count < _capacity;

    /// <summary>How many more records fit the batch.</summary>
    public int Room => _capacity - Count;

    /// <summary>Whether records wait that did not fit.</summary>
    public bool HasOverdraft => _overdraft is { Count: > 0 };

    /// <summary>The array behind the batch, for loops that fill it directly and then set <see cref="Count"/>.</summary>
    public T[] Values => _values;

    /// <summary>The timestamps behind the batch; empty without event time.</summary>
    public Timestamp[] Timestamps => _timestamps;

    /// <summary>Continues in the given arrays.</summary>
    /// <param name="values">Borrowed until the next call.</param>
    /// <param name="timestamps">Borrowed until the next call; empty without event time.</param>
    /// <param name="count">How many records the arrays hold already.</param>
    /// <param name="capacity">At most the length of <paramref name="values"/>.</param>
    public void Bind(T[] values, Timestamp[] timestamps, int count, int capacity)
    {
        _values = values;
        _timestamps = timestamps;
        HasTimestamps = timestamps.Length != 0;
        Count = count;
        _capacity = capacity;
    }

    /// <summary>Declares who reads the side outputs. Called once, before the first record.</summary>
    public void BindSides(SidePort[] sides) => _sides = sides;

    /// <summary>Adds a record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T value, Timestamp timestamp)
    {
        int at = Count;
        if (at < _capacity && (uint)at < (uint)_values.Length)
        {
            _values[at] = value;
            if ((uint)at < (uint)_timestamps.Length) _timestamps[at] = timestamp;
            Count = at + 1;
        }
        else
        {
            AddOverdraft(value, timestamp);
        }
    }

    /// <summary>Adds a record to a side output.</summary>
    public void AddSide<TSide>(SideOutput<TSide> side, TSide value, Timestamp timestamp)
    {
        foreach (SidePort port in _sides)
        {
            if (!ReferenceEquals(port.Side, side)) continue;
            ((OutputBuffer<TSide>)port.Buffer).Add(value, timestamp);
            return;
        }

        UnreadTotal++;
    }

    /// <summary>Moves waiting records into the batch, as far as they fit; false when some still wait.</summary>
    public bool DrainOverdraft()
    {
        if (_overdraft is null) return true;
        while (_overdraft.TryPeek(out var next))
        {
            if (!HasRoom) return false;
            Add(next.Value, next.Timestamp);
            _overdraft.Dequeue();
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void AddOverdraft(T value, Timestamp timestamp)
    {
        (_overdraft ??= new()).Enqueue((value, timestamp));
        OverdraftTotal++;
    }
}

/// <summary>A side output and the buffer of its readers.</summary>
/// <param name="Side">The <see cref="SideOutput{T}"/>.</param>
/// <param name="Buffer">The <see cref="OutputBuffer{T}"/> of the same type.</param>
[Experimental(Experiments.Engine)]
public readonly record struct SidePort(object Side, object Buffer);
