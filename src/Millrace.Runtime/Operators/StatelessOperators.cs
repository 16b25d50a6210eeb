using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>Keeps the records a predicate is true for.</summary>
public sealed class WhereOperator<T>(Func<T, bool> predicate) : IOperator<T, T>
{
    /// <inheritdoc/>
    public void Process(Batch<T> input, ref int position, OutputBuffer<T> output)
    {
        int count = Math.Min(input.Count, position + output.Room);
        ReadOnlySpan<T> values = input.Values.AsSpan(0, count);
        Span<T> kept = output.Values.AsSpan(output.Count);
        Func<T, bool> keeps = predicate;
        int next = 0;
        if (!output.HasTimestamps)
        {
            for (int at = position; at < values.Length; at++)
            {
                position = at;
                kept[next] = values[at];
                // No branch on the predicate: what it returns for real data is not predictable.
                if (keeps(values[at])) next++;
            }
        }
        else
        {
            ReadOnlySpan<Timestamp> times = input.Timestamps.AsSpan(0, count);
            Span<Timestamp> keptTimes = output.Timestamps.AsSpan(output.Count);
            for (int at = position; at < values.Length; at++)
            {
                position = at;
                kept[next] = values[at];
                keptTimes[next] = times[at];
                if (keeps(values[at])) next++;
            }
        }

        position = count;
        output.Count += next;
    }
}

/// <summary>Makes one record of each.</summary>
public sealed class SelectOperator<TIn, TOut>(Func<TIn, TOut> selector) : IOperator<TIn, TOut>
{
    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        int start = position;
        int count = Math.Min(input.Count - start, output.Room);
        ReadOnlySpan<TIn> values = input.Values.AsSpan(start, count);
        Span<TOut> made = output.Values.AsSpan(output.Count, count);
        Func<TIn, TOut> select = selector;
        for (int at = 0; at < values.Length; at++)
        {
            position = start + at;
            made[at] = select(values[at]);
        }

        if (output.HasTimestamps) input.Timestamps.AsSpan(start, count).CopyTo(output.Timestamps.AsSpan(output.Count));
        position = start + count;
        output.Count += count;
    }
}

/// <summary>Makes any number of records of each, as there is room.</summary>
public sealed class SelectManyOperator<TIn, TOut>(Func<TIn, IEnumerable<TOut>> selector) : IOperator<TIn, TOut>, IDisposable
{
    IEnumerator<TOut>? _open;

    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        for (; position < input.Count; position++)
        {
            Timestamp timestamp = input.TimestampAt(position);
            _open ??= (selector(input.Values[position]) ?? throw new InvalidOperationException("SelectMany's selector returned null; return an empty sequence")).GetEnumerator();
            while (output.HasRoom)
            {
                if (!_open.MoveNext())
                {
                    Dispose();
                    break;
                }

                output.Add(_open.Current, timestamp);
            }

            if (_open is not null) return;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _open?.Dispose();
        _open = null;
    }
}

/// <summary>Runs a function that is not keyed.</summary>
public sealed class ProcessOperator<TIn, TOut> : IOperator<TIn, TOut>
{
    readonly OperatorLists _lists = new();
    readonly IProcess<TIn, TOut> _process;
    bool _ended;
    Timestamp _largest = Timestamp.None;

    /// <summary>Makes the function.</summary>
    /// <param name="factory">Makes it from the scope its lists are declared in.</param>
    public ProcessOperator(Func<OperatorScope, IProcess<TIn, TOut>> factory)
    {
        _process = factory(_lists) ?? throw new InvalidOperationException("the factory of a function returned null; return a new function");
        _lists.Close();
    }

    /// <inheritdoc/>
    public object Function => _process;

    /// <inheritdoc/>
    public OperatorLists Lists => _lists;

    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        for (; position < input.Count && output.HasRoom; position++)
        {
            Timestamp timestamp = input.TimestampAt(position);
            if (timestamp > _largest) _largest = timestamp;
            _process.OnRecord(new Record<TIn>(ref input.Values[position], timestamp), new Output<TOut>(output, timestamp));
        }
    }

    /// <inheritdoc/>
    public bool OnEnd(OutputBuffer<TOut> output)
    {
        if (_ended) return true;
        _ended = true;
        _process.OnEnd(new Output<TOut>(output, _largest));
        return true;
    }
}
