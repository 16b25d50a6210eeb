using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Tests.Storage.S3;

/// <summary>
/// A way to an S3 server on which every request is seen and counted by its verb, whoever sends it, and which can be cut. Bytes go through as
/// they are, so signatures hold.
/// </summary>
public sealed class WatchedEndpoint : IAsyncDisposable
{
    readonly int _target;
    readonly Lock _lock = new();   // guards _listener, _open
    readonly HashSet<TcpClient> _open = [];
    readonly ConcurrentDictionary<string, int> _verbs = new(StringComparer.Ordinal);
    readonly ConcurrentBag<Task> _serving = [];
    TcpListener? _listener;

    public WatchedEndpoint(int target)
    {
        _target = target;
        Port = Daemons.FreePort();
        Join();
    }

    public int Port { get; }

    /// <summary>Requests so far, by what they ask: a verb, <c>PUT if absent</c>, <c>PART</c> or <c>LIST</c>.</summary>
    public IReadOnlyDictionary<string, int> Verbs => new SortedDictionary<string, int>(_verbs, StringComparer.Ordinal);

    /// <summary>Requests that list anything.</summary>
    public int Lists => _verbs.GetValueOrDefault("LIST");

    /// <summary>Cuts every connection and refuses new ones, until they are joined again.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _listener?.Stop();
            _listener = null;
            foreach (TcpClient client in _open) client.Close();
            _open.Clear();
        }
    }

    /// <summary>Lets connections through again.</summary>
    public void Join()
    {
        TcpListener listener = new(IPAddress.Loopback, Port);
        listener.Start();
        lock (_lock) _listener = listener;
        _serving.Add(AcceptAsync(listener));
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await Task.WhenAll(_serving);
    }

    async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            try
            {
                _serving.Add(ServeAsync(await listener.AcceptTcpClientAsync()));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return; // Cut.
            }
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using TcpClient from = client, to = new() { NoDelay = true };
        client.NoDelay = true;
        lock (_lock)
        {
            _open.Add(from);
            _open.Add(to);
        }

        try
        {
            await to.ConnectAsync(IPAddress.Loopback, _target);
            RequestScan scan = new(Count);
            await Task.WhenAny(PumpAsync(from.GetStream(), to.GetStream(), scan.Feed), PumpAsync(to.GetStream(), from.GetStream(), static _ => { }));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the ends is gone, and closing the other says so.
        }
        finally
        {
            lock (_lock)
            {
                _open.Remove(from);
                _open.Remove(to);
            }
        }
    }

    static async Task PumpAsync(NetworkStream from, NetworkStream to, Action<ReadOnlySpan<byte>> see)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            while (await from.ReadAsync(buffer) is > 0 and var count)
            {
                see(buffer.AsSpan(0, count));
                await to.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // As above.
        }
    }

    void Count(string verb) => _verbs.AddOrUpdate(verb, 1, static (_, count) => count + 1);

    /// <summary>Finds the requests in the bytes of a connection.</summary>
    sealed class RequestScan(Action<string> found)
    {
        readonly StringBuilder _head = new();
        long _body;

        public void Feed(ReadOnlySpan<byte> bytes)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                if (_body > 0)
                {
                    int skipped = (int)Math.Min(_body, bytes.Length - i);
                    _body -= skipped;
                    i += skipped - 1;
                    continue;
                }

                _head.Append((char)bytes[i]);
                if (bytes[i] != '\n' || _head.Length < 4 || _head[^3] != '\n') continue;
                Read(_head.ToString());
                _head.Clear();
            }
        }

        void Read(string head)
        {
            string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries), request = lines[0].Split(' ');
            string? Header(string name) => lines.Skip(1).FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
            _body = long.Parse(Header("Content-Length") ?? "0", CultureInfo.InvariantCulture);
            string[] path = request[1].Split('?');
            // The key of an object comes after the bucket; what is asked of a bucket itself lists it.
            bool isOfBucket = path[0].Trim('/').IndexOf('/') < 0;
            found((request[0], isOfBucket) switch
            {
                ("GET", true) => "LIST",
                ("PUT", false) when request[1].Contains("partNumber=", StringComparison.Ordinal) => "PART",
                ("PUT", false) when Header("If-None-Match") == "*" => "PUT if absent",
                _ => request[0],
            });
        }
    }
}
