using System.Collections.Immutable;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>What a transactional sink wrote to, surviving the jobs that write: parts are invisible until they are committed.</summary>
public sealed class ModelTable
{
    readonly Lock _lock = new();
    readonly Dictionary<string, ImmutableArray<string>> _prepared = [];
    readonly Dictionary<string, ImmutableArray<string>> _committed = [];

    public IReadOnlyList<string> Visible
    {
        get
        {
            lock (_lock) return [.. _committed.Values.SelectMany(static rows => rows).Order(StringComparer.Ordinal)];
        }
    }

    public int Parts
    {
        get
        {
            lock (_lock) return _committed.Count;
        }
    }

    /// <summary>Parts that are neither committed nor abandoned.</summary>
    public int Prepared
    {
        get
        {
            lock (_lock) return _prepared.Count;
        }
    }

    public void Prepare(string id, ImmutableArray<string> rows)
    {
        lock (_lock) _prepared.Add(id, rows);
    }

    public CommitOutcome Commit(string id)
    {
        lock (_lock)
        {
            if (_committed.ContainsKey(id)) return CommitOutcome.Already;
            if (!_prepared.Remove(id, out ImmutableArray<string> rows)) return CommitOutcome.Missing;
            _committed.Add(id, rows);
            return CommitOutcome.Committed;
        }
    }

    public void Abandon(string attempt, IReadOnlyCollection<string> owed)
    {
        lock (_lock)
        {
            foreach (string id in _prepared.Keys.Where(id => !owed.Contains(id) && SinkContext.CompareAttempts(id[..id.IndexOf('-', StringComparison.Ordinal)], attempt) < 0).ToArray())
                _prepared.Remove(id);
        }
    }
}

public sealed record ModelPrepared(string Id);

/// <summary>A transactional sink over a <see cref="ModelTable"/>.</summary>
public sealed class ModelSink(ModelTable table) : ITransactionalSink<string, ImmutableArray<string>, ModelPrepared>
{
    /// <summary>The process that writes; null for one that never dies.</summary>
    internal TrialProcess? Process { get; init; }

    readonly Dictionary<ImmutableArray<string>, string> _names = [];

    public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<ModelPrepared> owed, CancellationToken cancellationToken)
    {
        Do("abandon", () =>
        {
            table.Abandon(context.Attempt, [.. owed.Select(static o => o.Id)]);
            return 0;
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask<ITransactionalWriter<string, ImmutableArray<string>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
        new(new PartWriter<string>($"{context.Attempt}-{context.Nonce}-{function.Subtask.Index}", Name));

    public ValueTask<ModelPrepared> PrepareAsync(ImmutableArray<string> part, CancellationToken cancellationToken)
    {
        string id;
        lock (_names) _names.Remove(part, out id!);
        return new(Do($"prepare {id}", () =>
        {
            table.Prepare(id, part);
            return new ModelPrepared(id);
        }));
    }

    public ValueTask<CommitOutcome> CommitAsync(ModelPrepared prepared, CancellationToken cancellationToken) =>
        new(Do($"commit {prepared.Id}", () => table.Commit(prepared.Id)));

    T Do<T>(string what, Func<T> act) => Process is { } process ? process.Sink(what, act) : act();

    void Name(ImmutableArray<string> part, string name)
    {
        lock (_names) _names.Add(part, name);
    }
}
