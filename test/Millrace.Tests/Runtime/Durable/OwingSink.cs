using System.Collections.Immutable;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A transactional sink whose parts have any type and cannot be committed: the job that wrote them ends, and owes them.</summary>
public sealed class OwingSink<TPrepared>(TPrepared prepared) : ITransactionalSink<string, ImmutableArray<string>, TPrepared>
{
    public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<TPrepared> owed, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<ITransactionalWriter<string, ImmutableArray<string>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
        new(new PartWriter<string>(context.Nonce, static (_, _) => { }));

    public ValueTask<TPrepared> PrepareAsync(ImmutableArray<string> part, CancellationToken cancellationToken) => new(prepared);

    public ValueTask<CommitOutcome> CommitAsync(TPrepared prepared, CancellationToken cancellationToken) => throw new IOException("the server of the sink is down");
}
