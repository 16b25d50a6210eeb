using Millrace.Testing.Contracts;
using Npgsql;

namespace Millrace.Tests.Connectors.PostgreSql;

public sealed record Reading(int Id, string Place, double? Level, DateTime At)
{
    public static readonly Reading[] Some =
        [.. Enumerable.Range(0, 9).Select(static i => new Reading(i, "place " + i, i % 3 == 0 ? null : i / 4.0, new DateTime(2026, 11, 22, 10, 0, i, DateTimeKind.Utc)))];

    public const string Table = "CREATE TABLE readings (id bigint PRIMARY KEY, place varchar(40) NOT NULL, level numeric, at timestamptz NOT NULL, noted text DEFAULT 'x')";

    public static async ValueTask<IReadOnlyList<Reading>> ReadAsync(string connectionString)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new("SELECT id::int, place, level::float8, at FROM readings ORDER BY id", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<Reading> readings = [];
        while (await reader.ReadAsync()) readings.Add(new(reader.GetInt32(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetDouble(2), reader.GetDateTime(3)));
        return readings;
    }

    public static async Task<string> CreateTableAsync(PostgresFixture fixture)
    {
        string connectionString = await fixture.NewDatabaseAsync();
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(Table, connection);
        await command.ExecuteNonQueryAsync();
        return connectionString;
    }
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresTransactionalContractTests(PostgresFixture fixture) : TransactionalSinkContract<Reading, PostgresPart<Reading>, PostgresPrepared>
{
    protected override IReadOnlyList<Reading> Records => Reading.Some;

    protected override async ValueTask<TransactionalSinkTarget<Reading, PostgresPart<Reading>, PostgresPrepared>> CreateAsync() =>
        new Target(await Reading.CreateTableAsync(fixture));

    sealed class Target(string connectionString) : TransactionalSinkTarget<Reading, PostgresPart<Reading>, PostgresPrepared>
    {
        // A table has no order of its own.
        public override bool KeepsOrder => false;

        public override bool IsReplacedByFreshRuns => false;

        public override ITransactionalSink<Reading, PostgresPart<Reading>, PostgresPrepared> Create() => PostgresSink.Transactional<Reading>(connectionString, "readings");

        public override ValueTask<IReadOnlyList<Reading>> ReadAsync() => Reading.ReadAsync(connectionString);

        // The database goes with the server.
        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

[Collection(PostgresCollection.Name)]
public sealed class PostgresUpsertContractTests(PostgresFixture fixture) : IdempotentSinkContract<Reading>
{
    protected override IReadOnlyList<Reading> Records => Reading.Some;

    protected override Reading Change(Reading record) => record with { Place = record.Place + ", changed", Level = 17 };

    protected override async ValueTask<IdempotentSinkTarget<Reading>> CreateAsync() => new Target(await Reading.CreateTableAsync(fixture));

    sealed class Target(string connectionString) : IdempotentSinkTarget<Reading>
    {
        public override IIdempotentSink<Reading> Create() => PostgresSink.Upsert<Reading>(connectionString, "public.readings", "id");

        public override ValueTask<IReadOnlyList<Reading>> ReadAsync() => Reading.ReadAsync(connectionString);

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
