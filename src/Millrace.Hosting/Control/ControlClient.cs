using System.Net;
using System.Net.Sockets;

namespace Millrace.Hosting;

/// <summary>What came of asking the process that runs a job. A closed set.</summary>
public abstract record ControlOutcome
{
    ControlOutcome() { }

    /// <summary>It answered.</summary>
    /// <param name="Reply">What it said.</param>
    public sealed record Answered(ControlReply Reply) : ControlOutcome;

    /// <summary>On its machine, which is this one, nobody listens there any more, or somebody else does: the process is gone.</summary>
    public sealed record Gone : ControlOutcome;

    /// <summary>It cannot be asked from here, or does not answer. Whether it lives is not known.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record Unknown(string Why) : ControlOutcome;
}

/// <summary>Asks the process that runs a job. Thread-safe.</summary>
/// <param name="time">The clock of time-outs.</param>
public sealed class ControlClient(TimeProvider time)
{
    internal const string WrongToken = "the token is not that of this process";

    static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(3), s_quickMax = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Sends a request and waits for the answer: for five seconds when it is quick, as long as it takes otherwise.
    /// </summary>
    /// <param name="address">Where.</param>
    /// <param name="request">What; its token is filled in.</param>
    /// <param name="cancellationToken">Stops waiting; what was asked for may be done all the same.</param>
    public async Task<ControlOutcome> SendAsync(ControlAddress address, ControlRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(request);
        if (address.Machine != Environment.MachineName)
            return new ControlOutcome.Unknown($"it is on {address.Machine}, where it listens on the loopback alone: ask on that machine");
        using TcpClient client = new();
        try
        {
            using CancellationTokenSource limit = new(s_connectMax, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await client.ConnectAsync(IPAddress.Loopback, address.Port, either.Token).ConfigureAwait(false);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return new ControlOutcome.Gone();
        }
        catch (SocketException failed)
        {
            return new ControlOutcome.Unknown(failed.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ControlOutcome.Unknown("it does not take the connection");
        }

        return await AskAsync(client, request with { Token = address.Token }, cancellationToken).ConfigureAwait(false);
    }

    async Task<ControlOutcome> AskAsync(TcpClient client, ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            NetworkStream stream = client.GetStream();
            using CancellationTokenSource limit = new(request.IsQuick ? s_quickMax : Timeout.InfiniteTimeSpan, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await stream.WriteAsync(ControlJson.Line(request), either.Token).ConfigureAwait(false);
            byte[]? line = await ControlJson.ReadLineAsync(stream, either.Token).ConfigureAwait(false);
            if (line is null) return new ControlOutcome.Unknown("it ended before it answered");
            // Another program has the port now: the one that had it is gone.
            if (ControlJson.TryRead<ControlReply>(line) is not { Text: not null } reply || reply.Text == WrongToken) return new ControlOutcome.Gone();
            return new ControlOutcome.Answered(reply);
        }
        catch (IOException)
        {
            return new ControlOutcome.Unknown("it ended before it answered");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ControlOutcome.Unknown("it does not answer");
        }
    }
}
