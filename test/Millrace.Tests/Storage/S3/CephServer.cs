using System.Diagnostics;
using System.Globalization;
using Amazon.S3;
using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Tests.Storage.S3;

/// <summary>A real S3 server: Ceph's gateway with one monitor and one object daemon in memory. Starts in some ten seconds, once for all tests that share it.</summary>
public sealed class CephServer : IAsyncLifetime
{
    /// <summary>The key and the secret of every S3 server of these tests: those that one of them insists on.</summary>
    public const string Key = "S3RVER";

    const string Bucket = "millrace";

    const int AttemptsMax = 3;

    Daemons _daemons = new();
    int _port = Daemons.FreePort();

    /// <summary>Why there is no server; null when there is.</summary>
    public string? Missing { get; private set; }

    /// <summary>How long it took to start.</summary>
    public TimeSpan StartedIn { get; private set; }

    public async ValueTask InitializeAsync()
    {
        // The usual place where credentials are found, so the tests find them there as users do.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", Key);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", Key);
        string[] missing = [.. new[] { "ceph-mon", "ceph-osd", "radosgw", "ceph", "radosgw-admin", "monmaptool" }.Where(static program => Daemons.Find(program) is null)];
        if (missing.Length > 0)
        {
            Missing = $"The S3 server is not installed ({string.Join(", ", missing)}): eng/test-packages.txt lists the packages.";
            return;
        }

        long began = Stopwatch.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await StartAsync();
                break;
            }
            catch (Exception failure) when (attempt < AttemptsMax && failure is OperationCanceledException or InvalidOperationException or TimeoutException)
            {
                // A port that was free may be somebody else's by the time a server wants it: other tests have listeners, too.
                _daemons.Dispose();
                _daemons = new();
                _port = Daemons.FreePort();
            }
        }

        StartedIn = Stopwatch.GetElapsedTime(began);
    }

    public ValueTask DisposeAsync()
    {
        _daemons.Dispose();
        return default;
    }

    /// <summary>The address of a place of its own in the bucket. Skips the test where there is no server.</summary>
    public StoreAddress Address(string prefix)
    {
        Assert.SkipUnless(Missing is null, Missing ?? "");
        return StoreAddress.Parse($"s3://{Bucket}/{prefix}?endpoint=http://127.0.0.1:{_port}&path-style=true");
    }

    /// <summary>A way to the server on which requests are counted, and which can be cut. Skips the test where there is no server.</summary>
    public WatchedEndpoint Watch()
    {
        Assert.SkipUnless(Missing is null, Missing ?? "");
        return new(_port);
    }

    /// <summary>The address of a place of its own in the bucket, by a certain way.</summary>
    public static StoreAddress Address(string prefix, WatchedEndpoint way, string bucket = Bucket) =>
        StoreAddress.Parse($"s3://{bucket}/{prefix}?endpoint=http://127.0.0.1:{way.Port}&path-style=true");

    /// <summary>Opens a place of its own in the bucket. Skips the test where there is no server.</summary>
    public S3ObjectStore Open(string prefix, RetryPolicy? retry = null)
    {
        S3Options options = S3Options.From(Address(prefix));
        return new(retry is null ? options : options with { Retry = retry }, Stores.Surroundings);
    }

    async Task StartAsync()
    {
        string folder = _daemons.Folder, id = Guid.NewGuid().ToString(), osd = Guid.NewGuid().ToString();
        string monitor = $"127.0.0.1:{Daemons.FreePort()}";
        _daemons.Variables["CEPH_CONF"] = Path.Combine(folder, "ceph.conf");
        await File.WriteAllTextAsync(Path.Combine(folder, "ceph.conf"), Configuration(folder, id, monitor));
        foreach (string name in (string[])["mon", "osd", "rgw", "run"]) Directory.CreateDirectory(Path.Combine(folder, name));

        await _daemons.RunAsync("monmaptool", "--create", "--fsid", id, "--addv", "a", $"[v1:{monitor}]", $"{folder}/monmap");
        await _daemons.RunAsync("ceph-mon", "--mkfs", "-i", "a", "--monmap", $"{folder}/monmap", "--mon-data", $"{folder}/mon");
        _daemons.Start("ceph-mon", "-f", "-i", "a", "--public-addr", monitor);
        await _daemons.RunUntilDoneAsync("ceph", "osd", "new", osd);
        await _daemons.RunAsync("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
        await _daemons.RunUntilDoneAsync("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost");
        _daemons.Start("ceph-osd", "-f", "-i", "0");
        Process gateway = _daemons.Start("radosgw", "-f", "-n", "client.rgw");
        await _daemons.WaitForAnswerAsync(gateway, new Uri($"http://127.0.0.1:{_port}/"));
        await _daemons.RunAsync("radosgw-admin", "user", "create", "--uid=millrace", "--display-name=Millrace", $"--access-key={Key}", $"--secret-key={Key}");

        using AmazonS3Client client = new(Key, Key, new AmazonS3Config
        {
            ServiceURL = $"http://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}", ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        });
        await client.PutBucketAsync(Bucket);
    }

    string Configuration(string folder, string id, string monitor) => $"""
        [global]
        fsid = {id}
        mon host = [v1:{monitor}]
        public addr = 127.0.0.1
        auth cluster required = none
        auth service required = none
        auth client required = none
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 8
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        mon allow pool size one = true
        run dir = {folder}/run
        admin socket = {folder}/run/$cluster-$name.asok
        log file = {folder}/$name.log
        pid file = {folder}/run/$name.pid
        [mon.a]
        mon data = {folder}/mon
        [osd.0]
        osd data = {folder}/osd
        osd objectstore = memstore
        memstore device bytes = 4294967296
        [client.rgw]
        rgw frontends = beast endpoint=127.0.0.1:{_port} tcp_nodelay=1
        rgw data = {folder}/rgw

        """; // The last line must end.
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class CephServerCollection : ICollectionFixture<CephServer>
{
    public const string Name = "Ceph";
}
