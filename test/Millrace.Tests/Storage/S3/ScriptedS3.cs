using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Tests.Storage.S3;

/// <summary>An HTTP server that answers as it is told: for what no real store does on demand. The last answer is repeated.</summary>
public sealed class ScriptedS3 : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly Queue<(int Status, string Body)> _answers = new();
    readonly Task _serving;

    /// <summary>Starts.</summary>
    /// <param name="answers">A status and an error code each. A status of 0 is no answer at all: the connection is cut.</param>
    public ScriptedS3(params (int Status, string Code)[] answers)
    {
        foreach ((int status, string code) in answers)
            _answers.Enqueue((status, code.Length == 0 ? "" : $"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>"));
        _listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>What was asked: method and path, and whether it was conditional.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait();
    }

    // Clients also open connections that they do not use yet, so each has a reader of its own.
    async Task ServeAsync()
    {
        List<Task> connections = [];
        while (true)
        {
            try
            {
                connections.Add(AnswerAsync(await _listener.AcceptTcpClientAsync()));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                break; // Stopped.
            }
        }

        await Task.WhenAll(connections);
    }

    async Task AnswerAsync(TcpClient client)
    {
        using TcpClient owned = client;
        NetworkStream stream = client.GetStream();
        using StreamReader reader = new(stream, Encoding.Latin1, leaveOpen: true);
        if (await reader.ReadLineAsync() is not { } first) return; // A connection that was never used.
        string[] request = first.Split(' ');
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line) headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        Assert.False(headers.ContainsKey("Expect"), "A request that asks for leave first is repeated by the runtime where the connection is cut.");
        int length = int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture);
        if (length > 0) await reader.ReadBlockAsync(new char[length]); // Reading nothing would wait for more to come.

        Requests.Enqueue($"{request[0]} {request[1]}{(headers.GetValueOrDefault("If-None-Match") == "*" ? " if absent" : "")}");
        int status;
        string body;
        lock (_answers) (status, body) = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
        if (status == 0) return;
        string told = request[0] == "HEAD" ? "" : body;
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: {told.Length}\r\n\r\n{told}"));
    }
}
