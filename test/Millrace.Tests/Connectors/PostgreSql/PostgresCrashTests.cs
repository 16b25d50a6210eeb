using Millrace.Connectors.PostgreSql;
using Millrace.Testing.Contracts;
using Npgsql;

namespace Millrace.Tests.Connectors.PostgreSql;

/// <summary>Sessions that are killed, servers that crash, writers that are paused in the wrong moment.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresCrashTests(PostgresFixture fixture)
{
    [Fact]
    public async Task Commit_AfterAServerCrash_IsDoneOnce()
    {
        Assert.SkipWhen(PostgresServer.WhyNot is not null, PostgresServer.WhyNot ?? "there is no server");
        await using PostgresServer server = await PostgresServer.StartAsync();
        await server.ExecuteAsync(Reading.Table);
        Run run = await Run.StartAsync(server.ConnectionString, 1);
        PostgresPrepared first = await run.PrepareAsync(Reading.Some[..3]);
        PostgresPrepared lost = await run.PrepareAsync(Reading.Some[3..6]);
        await server.CrashAsync();
        Assert.Equal(CommitOutcome.Committed, await run.Sink.CommitAsync(SinkSteps.Restored(first), default));
        await server.CrashAsync();
        Assert.Equal(CommitOutcome.Already, await run.Sink.CommitAsync(first, default));

        run = await Run.StartAsync(server.ConnectionString, 2);
        Assert.Equal(CommitOutcome.Missing, await run.Sink.CommitAsync(lost, default));
        Assert.Equal(CommitOutcome.Committed, await run.Sink.CommitAsync(await run.PrepareAsync(Reading.Some[3..]), default));
        Assert.Equal(Reading.Some, await Reading.ReadAsync(server.ConnectionString));
        Assert.Equal(0L, await server.ScalarAsync<long>("SELECT count(*) FROM pg_prepared_xacts"));
    }

    [Fact]
    public async Task Prepare_SessionKilled_FailsAndLeavesNothing()
    {
        string database = await Reading.CreateTableAsync(fixture);
        Run run = await Run.StartAsync(database, 1);
        // More than one statement's worth, so that the transaction has begun.
        await run.Writer.WriteAsync([.. Enumerable.Range(100, 5_000).Select(static i => Reading.Some[0] with { Id = i })]);
        await WaitUntilAsync(database, "SELECT count(*) > 0 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'readings' AND l.mode = 'RowExclusiveLock'");
        Assert.True(run.Writer.Seal(false, out PostgresPart<Reading>? part));
        await PostgresSinkTests.ExecuteAsync(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'millrace _%' AND datname = current_database()");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => run.Sink.PrepareAsync(part, default).AsTask());
        Assert.Equal(0L, await PostgresSinkTests.ScalarAsync<long>(database, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"));
        Assert.Empty(await Reading.ReadAsync(database));
    }

    [Fact]
    public async Task Abandon_WriterPausedInItsTransaction_CannotPrepareAnyMore()
    {
        string database = await Reading.CreateTableAsync(fixture);
        Run paused = await Run.StartAsync(database, 1);
        await paused.Writer.WriteAsync([.. Enumerable.Range(100, 5_000).Select(static i => Reading.Some[0] with { Id = i })]);
        Assert.True(paused.Writer.Seal(false, out PostgresPart<Reading>? part));

        // The same rows from the next deployment would wait for the paused one's locks for ever.
        Run next = await Run.StartAsync(database, 2);
        PostgresPrepared prepared = await next.PrepareAsync([.. Enumerable.Range(100, 5_000).Select(static i => Reading.Some[1] with { Id = i })]);
        await Assert.ThrowsAnyAsync<Exception>(() => paused.Sink.PrepareAsync(part, default).AsTask());
        Assert.Equal(CommitOutcome.Committed, await next.Sink.CommitAsync(prepared, default));
        Assert.Equal(5_000L, await PostgresSinkTests.ScalarAsync<long>(database, "SELECT count(*) FROM readings WHERE place = 'place 1'"));

        // Awake again, it is told.
        await paused.Writer.WriteAsync(Reading.Some);
        Assert.True(paused.Writer.Seal(false, out part));
        SinkFencedException e = await Assert.ThrowsAsync<SinkFencedException>(() => paused.Sink.PrepareAsync(part, default).AsTask());
        Assert.Contains("1.1", e.Message);
        await Assert.ThrowsAsync<SinkFencedException>(() => paused.Sink.AbandonAsync(SinkSteps.Context(1), [], default).AsTask());
    }

    [Fact]
    public async Task RaiseFence_WriterPausedHoldingTheFence_IsEnded()
    {
        string database = await Reading.CreateTableAsync(fixture);
        PostgresUpsertSink<Reading> sink = PostgresSink.Upsert<Reading>(database, "readings", "id");
        SinkContext old = SinkSteps.Context(1);
        await sink.RaiseFenceAsync(old, default);

        // As a writer that was paused between the statements of its batch.
        NpgsqlConnectionStringBuilder settings = new(database) { ApplicationName = PostgresTarget.SessionName(old), Pooling = false };
        await using NpgsqlConnection paused = new(settings.ConnectionString);
        await paused.OpenAsync();
        await using NpgsqlCommand hold = new("BEGIN; SELECT 1 FROM millrace_fence FOR SHARE", paused);
        await hold.ExecuteNonQueryAsync();

        await sink.RaiseFenceAsync(SinkSteps.Context(2), default).AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);
        await using NpgsqlCommand write = new("INSERT INTO readings VALUES (1, 'late', 1, now())", paused);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => write.ExecuteNonQueryAsync());
        Assert.Empty(await Reading.ReadAsync(database));
    }

    [Fact]
    public async Task Abandon_TransactionsOfOthers_AreLeftAlone()
    {
        string database = await Reading.CreateTableAsync(fixture);
        foreach (string gid in (string[])["of somebody else", "millrace/contract/sink2/x/1.1/0-0/n", "millrace/contract/sink/not a name"])
            await PostgresSinkTests.ExecuteAsync(database, $"BEGIN; CREATE TABLE \"{gid}\" (); PREPARE TRANSACTION '{gid}'");
        await Run.StartAsync(database, 5);
        Assert.Equal(3L, await PostgresSinkTests.ScalarAsync<long>(database, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"));
        foreach (string gid in (string[])["of somebody else", "millrace/contract/sink2/x/1.1/0-0/n", "millrace/contract/sink/not a name"])
            await PostgresSinkTests.ExecuteAsync(database, $"ROLLBACK PREPARED '{gid}'");
    }

    /// <summary>Waits for the server to say yes; it says so within the patience of the test run or the test never ends.</summary>
    static async Task WaitUntilAsync(string database, string question)
    {
        using CancellationTokenSource patience = new(SourceReads.Patience, TimeProvider.System);
        while (!await PostgresSinkTests.ScalarAsync<bool>(database, question)) patience.Token.ThrowIfCancellationRequested();
    }

    sealed record Run(PostgresTransactionalSink<Reading> Sink, ITransactionalWriter<Reading, PostgresPart<Reading>> Writer)
    {
        public static async Task<Run> StartAsync(string database, int deployment)
        {
            PostgresTransactionalSink<Reading> sink = PostgresSink.Transactional<Reading>(database, "readings");
            SinkContext context = SinkSteps.Context(deployment);
            await sink.CheckAsync(context, default);
            await sink.AbandonAsync(context, [], default);
            return new(sink, await sink.OpenAsync(context, SinkSteps.Function(), default));
        }

        public async Task<PostgresPrepared> PrepareAsync(IReadOnlyList<Reading> records)
        {
            await Writer.WriteAsync(records);
            Assert.True(Writer.Seal(false, out PostgresPart<Reading>? part));
            return await Sink.PrepareAsync(part, default);
        }
    }
}
