using System.Net;
using System.Net.Sockets;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// A link of limited bandwidth to a server on this machine: bytes go through as they are, in each direction at most so many a second, all
/// connections together. A full-duplex link of that bandwidth without delay, as far as a sender of a megabyte or more can tell.
/// </summary>
sealed class ThrottledLink : IAsyncDisposable
{
    const int ChunkBytes = 32 << 10;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly IPEndPoint _target;
    readonly Direction _there, _back;
    readonly CancellationTokenSource _ending = new();
    readonly Task _accepting;

    /// <param name="target">The server.</param>
    /// <param name="megabitsPerSecond">The bandwidth each way.</param>
    public ThrottledLink(IPEndPoint target, int megabitsPerSecond)
    {
        _target = target;
        _there = new(megabitsPerSecond * 125_000.0);
        _back = new(megabitsPerSecond * 125_000.0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it begins.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        _ending.Dispose();
    }

    async Task AcceptAsync()
    {
        List<Task> connections = [];
        while (true)
        {
            try
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token).ConfigureAwait(false)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(connections).ConfigureAwait(false);
    }

    async Task ServeAsync(TcpClient client)
    {
        using TcpClient from = client, to = new() { NoDelay = true };
        from.NoDelay = true;
        await to.ConnectAsync(_target, _ending.Token).ConfigureAwait(false);
        await Task.WhenAny(PumpAsync(from.GetStream(), to.GetStream(), _there), PumpAsync(to.GetStream(), from.GetStream(), _back)).ConfigureAwait(false);
    }

    async Task PumpAsync(NetworkStream from, NetworkStream to, Direction direction)
    {
        byte[] buffer = new byte[ChunkBytes];
        try
        {
            while (await from.ReadAsync(buffer, _ending.Token).ConfigureAwait(false) is > 0 and var count)
            {
                await direction.PassAsync(count, _ending.Token).ConfigureAwait(false);
                await to.WriteAsync(buffer.AsMemory(0, count), _ending.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the ends is gone, and the other hears of it when this one is closed.
        }
    }

    /// <summary>One direction: says when the next bytes may pass.</summary>
    sealed class Direction(double bytesPerSecond)
    {
        // What may pass at once; timers do not wake much more often.
        static readonly TimeSpan s_burst = TimeSpan.FromMilliseconds(4);

        readonly Lock _lock = new();   // guards _freeAt
        readonly long _begun = TimeProvider.System.GetTimestamp();
        TimeSpan _freeAt;

        public Task PassAsync(int bytes, CancellationToken cancellationToken)
        {
            TimeSpan wait;
            lock (_lock)
            {
                TimeSpan now = TimeProvider.System.GetElapsedTime(_begun);
                _freeAt = (_freeAt > now ? _freeAt : now) + TimeSpan.FromSeconds(bytes / bytesPerSecond);
                wait = _freeAt - now;
            }

            return wait > s_burst ? Task.Delay(wait, TimeProvider.System, cancellationToken) : Task.CompletedTask;
        }
    }
}
