using System.IO.Pipelines;
using System.Net.Sockets;

namespace Millrace.Connectors.Network;

/// <summary>A connection and its read-ahead: a pipe that is filled beside the task and holds little more than a line.</summary>
internal sealed class TcpLineConnection : IAsyncDisposable
{
    const int ReadAheadBytes = 1 << 18;
    const int ReceiveBytes = 1 << 14;

    readonly Socket _socket;
    readonly string _address;
    readonly Pipe _pipe;
    readonly Task _fill;

    TcpLineConnection(Socket socket, TcpLineOptions options)
    {
        _socket = socket;
        _address = options.Address;
        // A line has to fit, or the pipe would wait for a reader that waits for the line's end.
        long pause = options.LineBytesMax + ReadAheadBytes;
        _pipe = new Pipe(new PipeOptions(pauseWriterThreshold: pause, resumeWriterThreshold: pause / 2, useSynchronizationContext: false));
        _fill = FillAsync();
    }

    public PipeReader Reader => _pipe.Reader;

    /// <summary>How the connection ended, once the pipe is drained: an exception means it broke.</summary>
    public Task Ended => _fill;

    /// <exception cref="IOException">The connection cannot be made; the message names the address.</exception>
    public static async Task<TcpLineConnection> OpenAsync(TcpLineOptions options, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            return new TcpLineConnection(socket, options);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"Cannot connect to {options.Address}: {e.Message}. Start the server first, or use .Reconnecting(…) to wait for it.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        await _fill.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task FillAsync()
    {
        PipeWriter writer = _pipe.Writer;
        try
        {
            while (true)
            {
                int received = await _socket.ReceiveAsync(writer.GetMemory(ReceiveBytes)).ConfigureAwait(false);
                if (received == 0) return;
                writer.Advance(received);
                if ((await writer.FlushAsync().ConfigureAwait(false)).IsCompleted) return;
            }
        }
        catch (SocketException e)
        {
            throw new IOException($"The connection to {_address} broke: {e.Message}. Check the server, or use .Reconnecting(…) to go on.", e);
        }
        finally
        {
            await writer.CompleteAsync().ConfigureAwait(false);
        }
    }
}
