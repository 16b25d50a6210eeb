using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Millrace.Tests.Storage.S3;

/// <summary>An HTTP server that answers as it is told: for what no real store does on demand. The last answer is repeated.</summary>
public sealed class ScriptedS3 : IDisposable
{
    readonly HttpListener _listener = new();
    readonly Queue<(int Status, string Body)> _answers = new();
    readonly Task _serving;

    public ScriptedS3(params (int Status, string Code)[] answers)
    {
        foreach ((int status, string code) in answers)
            _answers.Enqueue((status, code.Length == 0 ? "" : $"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>"));
        Address = new($"http://127.0.0.1:{Daemons.FreePort()}/");
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>What was asked: method, path and query, and whether it was conditional.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait();
        _listener.Close();
    }

    async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // Stopped.
            }

            Requests.Enqueue($"{context.Request.HttpMethod} {context.Request.Url!.PathAndQuery}{(context.Request.Headers["If-None-Match"] == "*" ? " if absent" : "")}");
            await context.Request.InputStream.CopyToAsync(Stream.Null);
            Answer(context.Response, _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek());
        }
    }

    // A status of 0 is no answer at all: the connection is cut.
    static void Answer(HttpListenerResponse response, (int Status, string Body) answer)
    {
        if (answer.Status == 0)
        {
            response.Abort();
            return;
        }

        response.StatusCode = answer.Status;
        response.ContentType = "application/xml";
        response.Close(Encoding.UTF8.GetBytes(answer.Body), willBlock: true);
    }
}
