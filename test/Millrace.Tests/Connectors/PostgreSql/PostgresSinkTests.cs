using Millrace.Connectors.PostgreSql;
using Millrace.Testing.Contracts;
using Npgsql;

namespace Millrace.Tests.Connectors.PostgreSql;

[Collection(PostgresCollection.Name)]
public sealed class PostgresSinkTests(PostgresFixture fixture)
{
    public enum Kind
    {
        First,
        Second,
    }

    public sealed record Everything(
        bool Truth, byte Tiny, sbyte Signed, short Small, ushort Word, int Number, uint Wide, long Big, ulong Huge, float Half, double Whole, decimal Exact, char Letter,
        string Text, Guid Id, DateTime At, DateTimeOffset Zoned, DateOnly Day, TimeOnly Time, TimeSpan Span, Timestamp Stamp, Kind Kind, byte[] Bytes, int? Maybe, Kind? MaybeKind,
        DateTime? MaybeAt);

    [Fact]
    public async Task Transactional_EveryType_IsReadBack()
    {
        string database = await fixture.NewDatabaseAsync();
        await ExecuteAsync(database,
            """
            CREATE TYPE kind AS ENUM ('First', 'Second');
            CREATE TABLE everything (truth bool, tiny int, signed smallint, small numeric, word int, number bigint, wide bigint, big bigint, huge numeric, half real, whole float8,
                exact numeric(10, 3), letter char(1), text text, id uuid, at timestamp, zoned timestamptz, day date, time time, span interval, stamp timestamptz, kind kind,
                bytes bytea, maybe int, maybe_kind kind, maybe_at timestamptz)
            """);
        DateTime at = new(2026, 1, 31, 10, 11, 12, DateTimeKind.Utc);
        Everything row = new(true, 200, -5, -300, 60_000, 1 << 30, 4_000_000_000, long.MinValue, ulong.MaxValue, 0.5f, 0.1, 1.250m, 'ß', "quotes ' \" \\ and ☃",
            new Guid("00112233-4455-6677-8899-aabbccddeeff"), DateTime.SpecifyKind(at, DateTimeKind.Unspecified), new(2026, 1, 31, 12, 11, 12, TimeSpan.FromHours(2)), new(2026, 1, 31),
            new(1, 2, 3), TimeSpan.FromSeconds(90), at, Kind.Second, [1, 0, 255], null, null, null);
        await CommitAsync(PostgresSink.Transactional<Everything>(database, "everything"), [row, row with { Maybe = 7, MaybeKind = Kind.First, MaybeAt = at, Text = null! }]);
        Assert.Equal(
            """(t,200,-5,-300,60000,1073741824,4000000000,-9223372036854775808,18446744073709551615,0.5,0.1,1.250,ß,"quotes ' "" \\ and ☃",00112233-4455-6677-8899-aabbccddeeff,"2026-01-31 10:11:12","2026-01-31 10:11:12+00",2026-01-31,01:02:03,00:01:30,"2026-01-31 10:11:12+00",Second,"\\x0100ff",,,)""",
            await ScalarAsync<string>(database, "SET timezone = 'UTC'; SELECT everything::text FROM everything WHERE maybe IS NULL"));
        Assert.Equal(1L, await ScalarAsync<long>(database, "SELECT count(*) FROM everything WHERE maybe = 7 AND maybe_kind = 'First' AND maybe_at = at AT TIME ZONE 'UTC' AND text IS NULL"));
    }

    [Fact]
    public async Task Columns_RenamedIgnoredAndComputed_AreWritten()
    {
        string database = await fixture.NewDatabaseAsync();
        await ExecuteAsync(database, "CREATE SCHEMA s; CREATE TABLE s.\"Odd\" (id int PRIMARY KEY, \"the place\" text, note char(4))");
        PostgresUpsertSink<Reading> sink = PostgresSink.Upsert<Reading>(database, "s.\"Odd\"", "id")
            .Rename(nameof(Reading.Place), "the place").Ignore(nameof(Reading.Level)).Ignore(nameof(Reading.At)).Column("note", static r => r.Id * 1000);
        Assert.Empty(sink.Problems);
        await FlushAsync(sink, Reading.Some[..2]);
        Assert.Equal("place 1/1000", await ScalarAsync<string>(database, "SELECT \"the place\" || '/' || note FROM s.\"Odd\" WHERE id = 1"));
    }

    [Fact]
    public void Problems_OfColumns_NameThePropertyAndTheCure()
    {
        Assert.Contains("Object", Assert.Single(PostgresSink.Transactional<Odd>("Host=x", "t").Ignore("Id").Problems));
        Assert.Contains("nameof", Assert.Single(PostgresSink.Transactional<Reading>("Host=x", "t").Rename("Nope", "nope").Problems));
        Assert.Contains("become the column id", Assert.Single(PostgresSink.Transactional<Reading>("Host=x", "t").Rename("Place", "id").Problems));
        Assert.Contains("'nope'", Assert.Single(PostgresSink.Upsert<Reading>("Host=x", "t", "nope").Problems));
        Assert.Contains("no key columns", Assert.Single(PostgresSink.Upsert<Reading>("Host=x", "t").Problems));
        string problem = Assert.Single(PostgresSink.Transactional<Reading>($"Host=x;Pasword={PostgresServer.Password}", "t").Problems);
        Assert.DoesNotContain(PostgresServer.Password, problem);
    }

    [Fact]
    public void Text_OfSinks_ShowsNoPassword()
    {
        string connectionString = $"Host=db;Port=5433;Database=shop;Username=me;Password={PostgresServer.Password}";
        Assert.Equal("transactions in orders on db:5433/shop", PostgresSink.Transactional<Reading>(connectionString, "orders").ToString());
        Assert.Equal("rows by key of orders on db:5433/shop", PostgresSink.Upsert<Reading>(connectionString, "orders", "id").ToString());
    }

    [Theory]
    [InlineData("CREATE TABLE other (id int)", "no such table")]
    [InlineData("CREATE TABLE readings (id bigint PRIMARY KEY, place text, level numeric)", "no column at; its columns are id, place, level")]
    [InlineData("CREATE TABLE readings (id bigint PRIMARY KEY, place text, level numeric, at timestamptz, more int NOT NULL)", "column more is not null and has no default")]
    [InlineData("CREATE TABLE readings (id bigint GENERATED ALWAYS AS IDENTITY, place text, level numeric, at timestamptz)", "the server generates the column id")]
    [InlineData("CREATE TABLE readings (id bigint PRIMARY KEY, place text, level numeric, at boolean)", "boolean")]
    public async Task Check_TableThatDoesNotFit_IsRefused(string table, string why)
    {
        string database = await fixture.NewDatabaseAsync();
        await ExecuteAsync(database, table);
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(
            () => PostgresSink.Transactional<Reading>(database, "readings").CheckAsync(SinkSteps.Context(1), default).AsTask());
        Assert.Contains(why, e.Message);
        Assert.DoesNotContain(PostgresServer.Password, e.ToString());
    }

    [Theory]
    [InlineData("CREATE TABLE readings (id bigint NOT NULL, place text, level numeric, at timestamptz)", "no primary key or unique index is exactly (id)")]
    [InlineData("CREATE TABLE readings (id bigint UNIQUE, place text, level numeric, at timestamptz)", "may be null")]
    public async Task RaiseFence_KeyThatIsNone_IsRefused(string table, string why)
    {
        string database = await fixture.NewDatabaseAsync();
        await ExecuteAsync(database, table);
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(
            () => PostgresSink.Upsert<Reading>(database, "readings", "id").RaiseFenceAsync(SinkSteps.Context(1), default).AsTask());
        Assert.Contains(why, e.Message);
    }

    [Fact]
    public async Task Check_UserWithoutRights_IsToldWhatToCreate()
    {
        string database = await Reading.CreateTableAsync(fixture);
        await ExecuteAsync(database, "CREATE ROLE poor LOGIN PASSWORD 'poor'; GRANT SELECT, INSERT ON readings TO poor");
        string poor = new NpgsqlConnectionStringBuilder(database) { Username = "poor", Password = "poor" }.ConnectionString;
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(
            () => PostgresSink.Transactional<Reading>(poor, "readings").CheckAsync(SinkSteps.Context(1), default).AsTask());
        Assert.Contains("CREATE TABLE IF NOT EXISTS \"public\".millrace_fence", e.Message);

        string wrong = new NpgsqlConnectionStringBuilder(database) { Password = "wrong-password" }.ConnectionString;
        e = await Assert.ThrowsAsync<SinkRefusedException>(() => PostgresSink.Transactional<Reading>(wrong, "readings").CheckAsync(SinkSteps.Context(1), default).AsTask());
        Assert.Contains("refuses the connection", e.Message);
        Assert.DoesNotContain("wrong-password", e.ToString());
    }

    [Fact]
    public async Task Check_TooFewPreparedTransactions_NamesTheSettingAndTheCure()
    {
        string database = await Reading.CreateTableAsync(fixture);
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(
            () => PostgresSink.Transactional<Reading>(database, "readings").CheckAsync(SinkSteps.Context(1, parallelism: 33), default).AsTask());
        Assert.Contains("set max_prepared_transactions = 132", e.Message);
        await PostgresSink.Transactional<Reading>(database, "readings").CheckAsync(SinkSteps.Context(1, parallelism: 32), default);
    }

    [Fact]
    public async Task Check_NoPreparedTransactions_NamesTheSettingAndTheCure()
    {
        Assert.SkipWhen(PostgresServer.WhyNot is not null, PostgresServer.WhyNot ?? "there is no server");
        await using PostgresServer server = await PostgresServer.StartAsync(maxPrepared: 0);
        await server.ExecuteAsync(Reading.Table);
        SinkRefusedException e = await Assert.ThrowsAsync<SinkRefusedException>(
            () => PostgresSink.Transactional<Reading>(server.ConnectionString, "readings").CheckAsync(SinkSteps.Context(1), default).AsTask());
        Assert.Contains("set max_prepared_transactions = 16 or more in postgresql.conf and restart the server", e.Message);
        await PostgresSink.Upsert<Reading>(server.ConnectionString, "readings", "id").RaiseFenceAsync(SinkSteps.Context(1), default);
    }

    [Fact]
    public async Task Transactional_ManyRows_GoInOneTransaction()
    {
        string database = await Reading.CreateTableAsync(fixture);
        Reading[] rows = [.. Enumerable.Range(0, 10_000).Select(static i => Reading.Some[1] with { Id = i })];
        await CommitAsync(PostgresSink.Transactional<Reading>(database, "readings"), rows);
        Assert.Equal(10_000L, await ScalarAsync<long>(database, "SELECT count(*) FROM readings"));
        Assert.Equal(1L, await ScalarAsync<long>(database, "SELECT count(*) FROM millrace_commits"));
    }

    [Fact]
    public async Task Upsert_ManyRowsOfFewKeys_TheLastCount()
    {
        string database = await Reading.CreateTableAsync(fixture);
        Reading[] rows = [.. Enumerable.Range(0, 10_000).Select(static i => Reading.Some[1] with { Id = i % 7, Place = $"{i}" })];
        await FlushAsync(PostgresSink.Upsert<Reading>(database, "readings", "id"), rows);
        Assert.Equal(Enumerable.Range(9_993, 7).Select(static i => $"{i}"), (await Reading.ReadAsync(database)).Select(static r => r.Place).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TransactionName_OfLongAndOddNames_FitsAndDiffers()
    {
        SinkContext context = SinkSteps.Context(1) with { Job = new string('j', 300), OperatorId = "odd/'name'", Attempt = "1234567890.1234567890" };
        string name = TransactionName.Of(context, 9_999, 1_000_000_000);
        Assert.InRange(name.Length, 50, 199);
        Assert.DoesNotContain('\'', name);
        Assert.NotEqual(TransactionName.Prefix(context), TransactionName.Prefix(context with { Job = new string('j', 301) }));
        Assert.True(TransactionName.IsEarlier(name, context with { Attempt = "1234567890.1234567891" }));
        Assert.False(TransactionName.IsEarlier(name, context));
    }

    internal static async Task CommitAsync<T>(PostgresTransactionalSink<T> sink, IReadOnlyList<T> records)
    {
        Assert.Empty(sink.Problems);
        SinkContext context = SinkSteps.Context(1);
        await sink.CheckAsync(context, default);
        await sink.AbandonAsync(context, [], default);
        await using ITransactionalWriter<T, PostgresPart<T>> writer = await sink.OpenAsync(context, SinkSteps.Function(), default);
        await writer.WriteAsync(records);
        Assert.True(writer.Seal(true, out PostgresPart<T>? part));
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(await sink.PrepareAsync(part, default), default));
    }

    internal static async Task FlushAsync<T>(PostgresUpsertSink<T> sink, IReadOnlyList<T> records)
    {
        SinkContext context = SinkSteps.Context(1);
        await sink.RaiseFenceAsync(context, default);
        await using IIdempotentWriter<T> writer = await sink.OpenAsync(context, SinkSteps.Function(), default);
        await writer.WriteAsync(records);
        await writer.FlushAsync(default);
    }

    internal static async Task ExecuteAsync(string database, string sql)
    {
        await using NpgsqlConnection connection = new(database);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal static async Task<T> ScalarAsync<T>(string database, string sql)
    {
        await using NpgsqlConnection connection = new(database);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public sealed record Odd(int Id, object Thing);
}
