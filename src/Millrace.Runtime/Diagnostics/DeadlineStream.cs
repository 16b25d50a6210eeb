using System.Net.Sockets;

namespace Millrace.Runtime.Diagnostics;

/// <summary>A moment by which something must be done. Sockets wait in real time, so this cannot be a simulated clock.</summary>
sealed class Deadline(TimeSpan limit)
{
    readonly long _started = TimeProvider.System.GetTimestamp();

    /// <summary>What is left, in milliseconds, at least one: a socket takes 0 for "for ever".</summary>
    /// <exception cref="TimeoutException">Nothing is left.</exception>
    public int LeftMilliseconds
    {
        get
        {
            double left = (limit - TimeProvider.System.GetElapsedTime(_started)).TotalMilliseconds;
            return left > 0 ? (int)Math.Clamp(left, 1, int.MaxValue) : throw Passed();
        }
    }

    /// <summary>The error to throw when it has passed.</summary>
    public TimeoutException Passed() => new($"the runtime did not answer within {limit.TotalSeconds:0.###} s");
}

/// <summary>A connection whose reads and writes all end by one deadline, with <see cref="TimeoutException"/>.</summary>
sealed class DeadlineStream(Socket socket, Deadline deadline) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>The deadline, to share with a second connection.</summary>
    public Deadline Deadline => deadline;

    // In a class derived from NetworkStream the overloads over spans come down to those over arrays.

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        Socket.ReceiveTimeout = deadline.LeftMilliseconds;
        try
        {
            return base.Read(buffer, offset, count);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock })
        {
            throw deadline.Passed();
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        // A few hundred bytes into an empty socket: they fit, or the runtime is gone.
        Socket.SendTimeout = deadline.LeftMilliseconds;
        base.Write(buffer, offset, count);
    }
}
