using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Hosting;

/// <summary>
/// Answers requests about the job that this process runs: on the loopback of the machine, one request line and one reply line a connection,
/// to those who know the token, which stands in the job's claim in the store. Thread-safe.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    const int ConnectionsMax = 32;
    static readonly TimeSpan s_requestMax = TimeSpan.FromSeconds(5), s_drainMax = TimeSpan.FromSeconds(5);

    readonly TcpListener _listener;
    readonly TimeProvider _time;
    readonly Func<ControlRequest, CancellationToken, Task<ControlReply>> _answer;
    readonly CancellationTokenSource _ending = new();
    readonly Lock _lock = new();   // guards _open
    readonly HashSet<Task> _open = [];
    readonly Task _accepting;

    ControlServer(TcpListener listener, TimeProvider time, Func<ControlRequest, CancellationToken, Task<ControlReply>> answer)
    {
        (_listener, _time, _answer) = (listener, time, answer);
        Address = new(Environment.MachineName, ((IPEndPoint)listener.LocalEndpoint).Port, RandomNumberGenerator.GetHexString(32, lowercase: true));
        _accepting = AcceptAsync();
    }

    /// <summary>Where it answers.</summary>
    public ControlAddress Address { get; }

    /// <summary>Begins to listen, on a free port.</summary>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="answer">Answers; any thread, several calls at a time. What it throws is told to whoever asked.</param>
    /// <exception cref="SocketException">The machine has no port to give.</exception>
    public static ControlServer Start(TimeProvider time, Func<ControlRequest, CancellationToken, Task<ControlReply>> answer)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return new(listener, time, answer);
    }

    /// <summary>Ends: requests that are answered already get their reply, for a few seconds; others are cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        Task[] open;
        lock (_lock) open = [.. _open];
        await Task.WhenAny(Task.WhenAll(open), Task.Delay(s_drainMax, _time)).ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(open).ConfigureAwait(false);
        _listener.Dispose();
        _ending.Dispose();
    }

    async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The listener was stopped; without it nobody can ask, and the job runs on.
                return;
            }

            lock (_lock)
            {
                _open.RemoveWhere(static t => t.IsCompleted);
                if (_open.Count >= ConnectionsMax) client.Dispose();
                else _open.Add(ServeAsync(client));
            }
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // the caller holds the lock
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream).ConfigureAwait(false) is not { } line) return;
                ControlReply reply = await ReplyAsync(ControlJson.TryRead<ControlRequest>(line)).ConfigureAwait(false);
                await stream.WriteAsync(ControlJson.Line(reply), _ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Whoever asked has gone, was too slow, or this process ends: there is nobody to tell.
            }
        }
    }

    async Task<byte[]?> ReadAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(s_requestMax, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ending.Token);
        return await ControlJson.ReadLineAsync(stream, either.Token).ConfigureAwait(false);
    }

    async Task<ControlReply> ReplyAsync(ControlRequest? request)
    {
        if (request is null) return new(false, "the request is no line of JSON with a command");
        // In constant time, so that the time of the answer does not tell how much of a guess is right.
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Token ?? ""), Encoding.UTF8.GetBytes(Address.Token)))
            return new(false, ControlClient.WrongToken);
        try
        {
            return await _answer(request, _ending.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The edge of the process: whatever went wrong is the answer.
            return new(false, failure.Message);
        }
    }
}
