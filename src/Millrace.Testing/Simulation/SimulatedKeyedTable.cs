namespace Millrace.Testing.Simulation;

/// <summary>
/// A table outside, written by key: a row that is written again is replaced by itself. What an idempotent sink should write to in a simulation. It
/// refuses writers whose fence was raised by a later deployment, and notices those who never raised theirs. Used by the thread of the world.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="keyOf">The key of a record.</param>
public sealed class SimulatedKeyedTable<T>(Func<T, string> keyOf)
{
    readonly Dictionary<string, T> _rows = new(StringComparer.Ordinal);
    string? _fence;

    /// <summary>What a reader sees, in the order in which keys were first written.</summary>
    public IReadOnlyCollection<T> Visible => _rows.Values;

    /// <summary>A sink that writes to it.</summary>
    /// <param name="process">The process that writes.</param>
    public IIdempotentSink<T> SinkOf(SimulatedProcess process) => new Sink(this, process);

    bool Raise(SinkContext context)
    {
        if (_fence is not null && SinkContext.CompareAttempts(_fence, context.Attempt) > 0) throw Fenced(context);
        _fence = context.Attempt;
        return true;
    }

    int Write(SinkContext context, T[] rows, SimulatedProcess process)
    {
        int order = _fence is null ? -1 : SinkContext.CompareAttempts(_fence, context.Attempt);
        if (order > 0)
        {
            process.World.Reach("an overtaken writer was refused by its fence");
            throw Fenced(context);
        }

        if (order < 0) process.World.Found ??= new SimulationException($"{process.Name} writes to {context.OperatorId} as attempt {context.Attempt}, and the fence is at {_fence ?? "nothing"}");
        foreach (T row in rows) _rows[keyOf(row)] = row;
        return rows.Length;
    }

    SinkFencedException Fenced(SinkContext context) => new($"{context.OperatorId}: attempt {context.Attempt} was overtaken by {_fence}");

    sealed class Sink(SimulatedKeyedTable<T> table, SimulatedProcess process) : IIdempotentSink<T>
    {
        public async ValueTask RaiseFenceAsync(SinkContext context, CancellationToken cancellationToken) =>
            await process.CallAsync($"raise the fence of {context.OperatorId} to {context.Attempt}", () => table.Raise(context)).ConfigureAwait(false);

        public ValueTask<IIdempotentWriter<T>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            new(new Writer(table, process, context));
    }

    sealed class Writer(SimulatedKeyedTable<T> table, SimulatedProcess process, SinkContext context) : IIdempotentWriter<T>
    {
        const int RowsMax = 64;
        readonly List<T> _rows = [];

        public void TryWrite(ref BatchReader<T> batch)
        {
            while (_rows.Count < RowsMax && batch.TryTake(out T? row)) _rows.Add(row);
        }

        public async ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            if (_rows.Count >= RowsMax) await FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        public async ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            if (_rows.Count == 0) return;
            T[] rows = [.. _rows];
            await process.CallAsync($"write {rows.Length} rows of {context.OperatorId}", () => table.Write(context, rows, process)).ConfigureAwait(false);
            _rows.Clear();
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
