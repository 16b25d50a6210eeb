using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.Hosting;

namespace Millrace.Tests.Hosting;

public sealed class ControlTests
{
    static readonly ControlRequest s_status = new() { Command = ControlRequest.Status };

    readonly ControlClient _client = new(TimeProvider.System);

    [Fact]
    public async Task Ask_TheRunningProcess_IsAnswered()
    {
        await using ControlServer server = ControlServer.Start(TimeProvider.System, static (r, _) => Task.FromResult(new ControlReply(true, $"{r.Command} {r.Target}", "s")));
        ControlAddress address = ControlAddress.TryParse(server.Address.ToClaim())!;

        ControlOutcome outcome = await _client.SendAsync(address, new() { Command = "savepoint", Target = "file:///a" }, Cancel);

        Assert.Equal(new ControlOutcome.Answered(new(true, "savepoint file:///a", "s")), outcome);
        Assert.DoesNotContain(address.Token, $"{address}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_WithAnotherToken_FindsAnotherProcess()
    {
        bool isAsked = false;
        await using ControlServer server = ControlServer.Start(TimeProvider.System, (_, _) =>
        {
            isAsked = true;
            return Task.FromResult(new ControlReply(true, ""));
        });

        Assert.IsType<ControlOutcome.Gone>(await _client.SendAsync(server.Address with { Token = "guess" }, s_status, Cancel));
        Assert.False(isAsked);
    }

    [Fact]
    public async Task Ask_AProcessThatHasEnded_FindsItGone()
    {
        ControlServer server = ControlServer.Start(TimeProvider.System, static (_, _) => Task.FromResult(new ControlReply(true, "")));
        await server.DisposeAsync();

        Assert.IsType<ControlOutcome.Gone>(await _client.SendAsync(server.Address, s_status, Cancel));
    }

    [Fact]
    public async Task Ask_OnAnotherMachine_IsNotKnown() =>
        Assert.IsType<ControlOutcome.Unknown>(await _client.SendAsync(new("elsewhere", 1, "t"), s_status, Cancel));

    [Fact]
    public async Task Ask_ACommandThatThrows_IsToldWhy()
    {
        await using ControlServer server = ControlServer.Start(TimeProvider.System, static (_, _) => throw new InvalidOperationException("no such thing"));

        Assert.Equal(new ControlOutcome.Answered(new(false, "no such thing")), await _client.SendAsync(server.Address, s_status, Cancel));
    }

    [Theory]
    [InlineData("no json\n")]
    [InlineData("{}\n")]
    [InlineData("{\"command\":\"status\",\"token\":null}\n")]
    public async Task Server_SentNonsense_SaysSoAndServesOn(string line)
    {
        await using ControlServer server = ControlServer.Start(TimeProvider.System, static (_, _) => Task.FromResult(new ControlReply(true, "well")));
        Assert.Contains("\"isDone\":false", await TalkAsync(server.Address, Encoding.UTF8.GetBytes(line)), StringComparison.Ordinal);
        Assert.Equal(new ControlOutcome.Answered(new(true, "well")), await _client.SendAsync(server.Address, s_status, Cancel));
    }

    [Fact]
    public async Task Server_SentAnEndlessLine_CutsItOff()
    {
        await using ControlServer server = ControlServer.Start(TimeProvider.System, static (_, _) => Task.FromResult(new ControlReply(true, "well")));
        Assert.Empty(await TalkAsync(server.Address, new byte[ControlJson.LineBytesMax]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tcp://host:0/?token=a")]
    [InlineData("tcp://host:70000/?token=a")]
    [InlineData("tcp://:80/?token=a")]
    [InlineData("tcp://host:80/?token=")]
    [InlineData("http://host:80/?token=a")]
    public void Address_OfAnotherKind_IsNone(string text) => Assert.Null(ControlAddress.TryParse(text));

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static async Task<string> TalkAsync(ControlAddress address, byte[] bytes)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, Cancel);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(bytes, Cancel);
        try
        {
            return await new StreamReader(stream).ReadToEndAsync(Cancel);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
