using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Millrace.Tests.Connectors.PostgreSql;

/// <summary>
/// A PostgreSQL server of its own: private data folder, loopback, free port; stopped and deleted after the tests. Any server the machine
/// runs is left alone. Where none is installed, <see cref="WhyNot"/> says so and the tests are skipped.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The password, for a test that it is never shown.</summary>
    public const string Password = "s3cret-of-tests";

    const string User = "millrace", SystemUser = "postgres";

    readonly string _folder = Directory.CreateTempSubdirectory("millrace-pg-").FullName;
    readonly string _programs;
    readonly string _settings;
    readonly int _port;

    PostgresServer(string programs, int maxPrepared)
    {
        _programs = programs;
        _port = FreePort();
        _settings = string.Create(
            CultureInfo.InvariantCulture,
            $"-c port={_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_prepared_transactions={maxPrepared} -c fsync=off -c max_connections=200");
        ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Database=postgres;Username={User};Password={Password}");
    }

    public string ConnectionString { get; }

    /// <summary>Why there can be no server; null when there can.</summary>
    public static string? WhyNot { get; } =
        Programs() is null ? "PostgreSQL is not installed (Debian package postgresql)"
        : Environment.UserName == "root" && !HasSystemUser() ? "PostgreSQL refuses to run as root, and there is no user postgres"
        : null;

    public static async Task<PostgresServer> StartAsync(int maxPrepared = 64)
    {
        PostgresServer server = new(Programs()!, maxPrepared);
        string passwordFile = Path.Combine(server._folder, "password");
        File.WriteAllText(passwordFile, Password);
        // The folder belongs to the user the server runs as.
        if (Environment.UserName == "root") await RunAsync("chown", "-R", SystemUser, server._folder);
        await server.RunAsServerAsync("initdb", "-D", server.Data, "-U", User, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N");
        await server.ControlAsync("start");
        return server;
    }

    /// <summary>Stops the server as a crash would, and starts it again.</summary>
    public async Task CrashAsync()
    {
        await ControlAsync("restart", "-m", "immediate");
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Stops the server as its operator does, until <see cref="ResumeAsync"/>.</summary>
    public Task StopAsync() => ControlAsync("stop", "-m", "fast");

    /// <summary>Starts it again, with all it had.</summary>
    public async Task ResumeAsync()
    {
        await ControlAsync("start");
        NpgsqlConnection.ClearAllPools();
    }

    public async Task<NpgsqlConnection> ConnectAsync()
    {
        NpgsqlConnection connection = new(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using NpgsqlConnection connection = await ConnectAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using NpgsqlConnection connection = await ConnectAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A database of its own for a test: its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString.Replace("Database=postgres", $"Database={name}", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ControlAsync("stop", "-m", "immediate");
        Directory.Delete(_folder, recursive: true);
    }

    string Data => Path.Combine(_folder, "data");

    Task ControlAsync(string verb, params string[] more) =>
        RunAsServerAsync("pg_ctl", [verb, "-D", Data, "-w", "-t", "60", "-l", Path.Combine(_folder, "log"), .. verb == "stop" ? [] : (string[])["-o", _settings], .. more]);

    Task RunAsServerAsync(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        return Environment.UserName == "root" ? RunAsync("runuser", ["-u", SystemUser, "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    static async Task RunAsync(string program, params string[] arguments)
    {
        // Its output goes nowhere: the server would keep a pipe open for as long as it runs.
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = "/", UseShellExecute = false };
        foreach (string argument in (string[])["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments]) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    static string? Programs() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(static version => Path.Combine(version, "bin")).Where(static bin => File.Exists(Path.Combine(bin, "initdb"))).Max(StringComparer.Ordinal)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').FirstOrDefault(static bin => File.Exists(Path.Combine(bin, "initdb")));

    static bool HasSystemUser() => File.Exists("/etc/passwd") && File.ReadLines("/etc/passwd").Any(static line => line.StartsWith(SystemUser + ":", StringComparison.Ordinal));

    static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>One server for all tests of the collection.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    PostgresServer? _server;
    int _databases;

    /// <summary>The server; skips the test where there is none.</summary>
    public PostgresServer Server
    {
        get
        {
            Assert.SkipWhen(PostgresServer.WhyNot is not null, PostgresServer.WhyNot ?? "there is no server");
            return _server!;
        }
    }

    /// <summary>The connection string of a database nobody else uses.</summary>
    public Task<string> NewDatabaseAsync() => Server.CreateDatabaseAsync($"test_{Interlocked.Increment(ref _databases)}");

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.WhyNot is null) _server = await PostgresServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}
