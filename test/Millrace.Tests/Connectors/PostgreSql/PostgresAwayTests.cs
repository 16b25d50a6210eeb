using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Testing.Stores;
using Millrace.Tests.Runtime.Durable;

namespace Millrace.Tests.Connectors.PostgreSql;

/// <summary>The server is stopped just when a sink is to commit, and stays away while the job tries to go on.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresAwayTests
{
    const int Records = 1_000, Before = 400;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly List<string> _told = [];

    public sealed record Number(int Id, string Text);

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Server_StoppedBetweenPrepareAndCommit_IsWaitedForByTheRestartPolicy()
    {
        Assert.SkipWhen(PostgresServer.WhyNot is not null, PostgresServer.WhyNot ?? "there is no server");
        await using PostgresServer server = await PostgresServer.StartAsync();
        await server.ExecuteAsync("CREATE TABLE numbers (id int, text text)");
        HeldSource source = new(Records, Before);
        StoppingSink sink = new(PostgresSink.Transactional<Number>(server.ConnectionString, "numbers"), server);
        Dataflow flow = new("numbers");
        flow.Source("numbers", source).Select(static n => new Number(n, $"number {n}")).Sink("out", sink);
        DurableJob job = EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = 1, Threads = 2 }, StoredJob.Options(_store, new StartFrom.Unsaid()) with
        {
            Restart = new RestartPolicy.FixedDelay { Attempts = int.MaxValue, Delay = TimeSpan.FromMilliseconds(20) },
            Tell = Tell,
        });
        await source.Reached;
        _ = job.CheckpointAsync();
        await sink.Stopped;
        while (Failures < 4) await Task.Delay(10, TestContext.Current.CancellationToken);   // for the job to say so: nothing else can be waited for
        Assert.False(job.Completion.IsCompleted);
        await server.ResumeAsync();
        source.Release();

        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal($"{Records} {Records} {Records * (Records - 1) / 2}", await server.ScalarAsync<string>("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(id) FROM numbers"));
        Assert.Equal(0L, await server.ScalarAsync<long>("SELECT count(*) FROM pg_prepared_xacts"));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _told.Distinct()));
        lock (_told) Assert.Contains(_told, static line => line.StartsWith("failed: sink 'out' could not commit ", StringComparison.Ordinal) && line.Contains("NpgsqlException", StringComparison.Ordinal));
    }

    int Failures
    {
        get
        {
            lock (_told) return _told.Count(static line => line.StartsWith("failed: sink 'out' could not ", StringComparison.Ordinal));
        }
    }

    void Tell(string line)
    {
        lock (_told) _told.Add(line);
    }

    /// <summary>The sink, whose server is stopped before the first commit.</summary>
    sealed class StoppingSink(PostgresTransactionalSink<Number> sink, PostgresServer server) : ITransactionalSink<Number, PostgresPart<Number>, PostgresPrepared>
    {
        readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _commits;

        public Task Stopped => _stopped.Task;

        public IEnumerable<string> Problems => sink.Problems;

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => sink.CheckAsync(context, cancellationToken);

        public ValueTask AbandonAsync(SinkContext context, IReadOnlyList<PostgresPrepared> owed, CancellationToken cancellationToken) => sink.AbandonAsync(context, owed, cancellationToken);

        public ValueTask<ITransactionalWriter<Number, PostgresPart<Number>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            sink.OpenAsync(context, function, cancellationToken);

        public ValueTask<PostgresPrepared> PrepareAsync(PostgresPart<Number> part, CancellationToken cancellationToken) => sink.PrepareAsync(part, cancellationToken);

        public async ValueTask<CommitOutcome> CommitAsync(PostgresPrepared prepared, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _commits) == 1)
            {
                await server.StopAsync();
                _stopped.TrySetResult();
            }

            return await sink.CommitAsync(prepared, cancellationToken);
        }
    }
}
