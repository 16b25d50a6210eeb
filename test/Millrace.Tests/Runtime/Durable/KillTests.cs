using System.Globalization;
using Millrace.Tests.Connectors.PostgreSql;
using Millrace.Tests.Samples;
using Npgsql;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A process that reads files and writes files exactly once is killed, and started until it has finished.</summary>
public sealed class KillTests
{
    const int RowsPerFile = 6_000, PauseMicros = 12;

    static string Program => Path.Combine(AppContext.BaseDirectory, "Millrace.CrashTest.dll");

    [Theory]
    [InlineData(1, 20)]
    public async Task Process_KilledAtAnyMoment_WritesTheAnswer(int seed, int kills) => await KillAsync(seed, kills, null);

    [Theory(Explicit = true)]
    [InlineData(2, 200)]
    public async Task Process_KilledHundredsOfTimes_WritesTheAnswer(int seed, int kills) => await KillAsync(seed, kills, null);

    [Fact]
    public async Task Leader_StoppedAndTakenOver_WakesWithoutEffect()
    {
        using CrashInput input = new(5, RowsPerFile);
        using SampleProcess first = Start(input, "--pause", "400");
        for (int id = 1; id <= 4; id++) await first.WaitForLineAsync($"checkpoint {id}");
        first.Kill("STOP");

        using (SampleProcess second = Start(input))
        {
            (int code, string output, string error) = await second.EndAsync();
            Assert.True(code == 0 && output.Contains("ended Finished", StringComparison.Ordinal), error);
        }

        string[] state = Objects(input.Root), written = Visible(input.Output);
        input.AssertExact("before it wakes");
        first.Kill("CONT");
        (int exit, string said, string why) = await first.EndAsync();
        Assert.Equal(1, exit);
        Assert.DoesNotContain("ended", said, StringComparison.Ordinal);
        Assert.Contains("Fenced", why, StringComparison.Ordinal);
        string[] deleted = [.. state.Except(Objects(input.Root))];
        Assert.True(deleted.Length == 0, $"deleted after it woke: {string.Join(", ", deleted)}");
        Assert.Equal(written, Visible(input.Output));
        input.AssertExact("after it woke");
    }

    /// <summary>Kills processes until there were so many kills; each job is brought to its end and compared.</summary>
    internal static async Task KillAsync(int seed, int kills, Func<CrashInput, Task<KillSurroundings>>? surround)
    {
        Random chance = new(seed);
        int killed = 0, jobs = 0;
        while (killed < kills)
        {
            jobs++;
            using CrashInput input = new(seed + jobs, RowsPerFile);
            KillSurroundings around = surround is null ? new([]) : await surround(input);
            string context = $"seed {seed}, job {jobs}:";
            for (int life = 0; ; life++)
            {
                // After so many lives it may run to its end; a job alone is over after a second or so.
                bool isLast = life == 12 || killed >= kills;
                string[] options = isLast ? ["--pause", "0"] : ["--pause", PauseMicros.ToString(CultureInfo.InvariantCulture)];
                options = [.. options, .. around.Options];
                int delay = 0;
                if (!isLast && chance.Next(2) == 0) options = [.. options, chance.Next(2) == 0 ? "--die-before" : "--die-after", $"{chance.Next(1, 90)}"];
                else if (!isLast) delay = 150 + chance.Next(700);
                using SampleProcess process = Start(input, options);
                Task<(int ExitCode, string Output, string Error)> end = process.EndAsync();
                if (delay > 0 && await Task.WhenAny(end, Task.Delay(delay)) != end) process.Kill("KILL");
                (int code, string output, string error) = await end;
                context += $" [{string.Join(' ', options[2..])} delay {delay}: {code}]";
                if (code == 0)
                {
                    Assert.Contains("ended ", output, StringComparison.Ordinal);
                    break;
                }

                Assert.True(code == 137, $"{context}\n{error}");
                killed++;
            }

            await around.Gather();
            input.AssertExact(context);
            await around.Check();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{killed} kills, {jobs} jobs");
    }

    static SampleProcess Start(CrashInput input, params string[] options) => SampleProcess.Start(Program, input.Root, [input.Root, .. options]);

    // What a process that was overtaken stages is garbage that nobody sees, until the next deployment ends it.
    static string[] Visible(string folder) => [.. Files(folder, "").Where(static f => !f.Contains("/.millrace/", StringComparison.Ordinal))];

    // A hidden file is no object: one that it was writing when it was stopped gets its name, or goes, when it wakes.
    static string[] Objects(string root) => [.. Files(Path.Combine(root, "state"), "checkpoints").Where(static f => !f.Contains("/.new-", StringComparison.Ordinal))];

    static string[] Files(string folder, string part) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(f => f.Contains(part, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}

/// <summary>What the program that is killed is given besides its folder.</summary>
/// <param name="Options">Of its command line.</param>
sealed record KillSurroundings(string[] Options)
{
    /// <summary>Brings what it wrote into the folder of its output.</summary>
    public Func<Task> Gather { get; init; } = static () => Task.CompletedTask;

    /// <summary>Compares what it wrote besides.</summary>
    public Func<Task> Check { get; init; } = static () => Task.CompletedTask;
}

/// <summary>The same with rows of a server: in transactions, and by key.</summary>
[Collection(PostgresCollection.Name)]
public sealed class KillServerTests(PostgresFixture fixture)
{
    [Theory]
    [InlineData(21, 20)]
    public async Task Process_KilledWithAServer_WritesTheAnswer(int seed, int kills) => await KillTests.KillAsync(seed, kills, PrepareAsync);

    [Theory(Explicit = true)]
    [InlineData(22, 200)]
    public async Task Process_KilledOftenWithAServer_WritesTheAnswer(int seed, int kills) => await KillTests.KillAsync(seed, kills, PrepareAsync);

    async Task<KillSurroundings> PrepareAsync(CrashInput input)
    {
        string server = await fixture.NewDatabaseAsync();
        await PostgresSinkTests.ExecuteAsync(server, "CREATE TABLE shop_hours (shop int, hour int, sales int, amount bigint); CREATE TABLE totals (shop int PRIMARY KEY, sum bigint)");
        return new(["--server", server])
        {
            Check = async () =>
            {
                TrialAssert.Same(CrashInput.Sorted(input.Hours().Select(CrashInput.Line)), await RowsAsync(server, "SELECT shop || ',' || hour || ',' || sales || ',' || amount FROM shop_hours"), "shop_hours");
                TrialAssert.Same(input.Totals(), await RowsAsync(server, "SELECT shop || ',' || sum FROM totals"), "totals");
                Assert.Equal(0L, await PostgresSinkTests.ScalarAsync<long>(server, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"));
            },
        };
    }

    static async Task<List<string>> RowsAsync(string server, string sql)
    {
        await using NpgsqlConnection connection = new(server);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0));
        return CrashInput.Sorted(rows);
    }
}
