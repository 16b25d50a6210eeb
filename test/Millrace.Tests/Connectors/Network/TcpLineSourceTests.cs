using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Tests.Connectors.Network;

public sealed class TcpLineSourceTests
{
    static readonly TcpLineSplit Start = new(0);

    [Fact]
    public async Task Read_UntilTheServerCloses_GivesAllLines()
    {
        string[] lines = [.. Enumerable.Range(0, 50_000).Select(static i => $"line {i} ☃")];
        using TcpListener server = Listen();
        Task sent = SendAsync(server, string.Join("\r\n", lines));
        TcpLineSource source = TcpLineSource.Connect("localhost", Port(server));
        Assert.Equal(lines, await source.ReadAllAsync(100));
        await sent;
    }

    [Fact]
    public async Task Open_NoServer_NamesTheAddressAndTheCure()
    {
        int port;
        using (TcpListener server = Listen()) port = Port(server);
        IOException e = await Assert.ThrowsAsync<IOException>(() => TcpLineSource.Connect("localhost", port).ReadAllAsync());
        Assert.Contains($"localhost:{port}", e.Message);
        Assert.Contains(".Reconnecting(", e.Message);
    }

    [Theory]
    [InlineData("0123456789\n")]
    [InlineData("0123456789")]
    public async Task Read_LongLine_IsRefused(string text)
    {
        using TcpListener server = Listen();
        Task sent = SendAsync(server, "short\n" + text);
        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(
            () => TcpLineSource.Connect("localhost", Port(server)).WithLineLimit(5).ReadAllAsync());
        Assert.Contains("Line 2", e.Message);
        await sent;
    }

    [Fact]
    public async Task Read_NotUtf8_IsRefused()
    {
        using TcpListener server = Listen();
        Task sent = SendAsync(server, Encoding.Latin1.GetBytes("Zürich\n"));
        FormatException e = await Assert.ThrowsAsync<FormatException>(() => TcpLineSource.Connect("localhost", Port(server)).ReadAllAsync());
        Assert.Contains("Line 1", e.Message);
        await sent;
    }

    [Fact]
    public async Task Reconnecting_AfterTheServerCloses_ReadsOnAndDropsTheCutLine()
    {
        using TcpListener server = Listen();
        FunctionContext context = SourceReads.Context();
        TcpLineSource source = TcpLineSource.Connect("localhost", Port(server)).Reconnecting(TimeSpan.FromMilliseconds(1));
        Assert.False(source.IsBounded);
        await using var reader = await source.OpenAsync(Start, context, default);
        List<string> read = [];
        Task sent = Task.WhenAll(SendAsync(server, "a\nb\ncut"), SendAsync(server, "c\n"));
        // Waiting after the last line would be for a third connection, which nobody takes.
        while (SourceReads.Read(reader, read, 10) == ReadStatus.Empty && read.Count < 3)
            await reader.WaitAsync(default).AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);

        Assert.Equal(["a", "b", "c"], read);
        Assert.Equal((1, 1), (context.Counters["reconnects"].Value, context.Counters["partialLines"].Value));
        Assert.Equal(3, reader.Position.Lines);
        await sent;
    }

    [Fact]
    public void Problems_NameEveryMistake() =>
        Assert.Equal(4, TcpLineSource.Connect("", 0).Reconnecting(TimeSpan.Zero).WithLineLimit(0).Problems.Count());

    static TcpListener Listen()
    {
        TcpListener server = new(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
        server.Start();
        return server;
    }

    static int Port(TcpListener server) => ((IPEndPoint)server.LocalEndpoint).Port;

    static Task SendAsync(TcpListener server, string text) => SendAsync(server, Encoding.UTF8.GetBytes(text));

    static async Task SendAsync(TcpListener server, byte[] bytes)
    {
        using TcpClient client = await server.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync(bytes);
    }
}
