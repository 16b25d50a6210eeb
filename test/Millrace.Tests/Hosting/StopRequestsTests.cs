using System.Globalization;
using System.Runtime.InteropServices;
using Millrace.Hosting;
using Millrace.Testing;

namespace Millrace.Tests.Hosting;

/// <summary>Which signals end the process at once.</summary>
public sealed class StopRequestsTests
{
    [Theory]
    [InlineData(PosixSignal.SIGTERM, ExitCodes.Terminated)]
    [InlineData(PosixSignal.SIGINT, ExitCodes.Cancelled)]
    public void ASecondSignal_WithinAMoment_IsTheSameRequest(PosixSignal signal, int exitCode)
    {
        ManualTimeProvider time = new();
        List<int> exits = [];
        StringWriter error = new(CultureInfo.InvariantCulture);
        using StopRequests stops = new(new(error, false, static () => 80), exits.Add, time, CancellationToken.None);

        stops.Hear(signal);
        time.Advance(TimeSpan.FromMilliseconds(400));
        stops.Hear(signal);
        Assert.Empty(exits);
        Assert.True(stops.Asked.IsCancellationRequested);
        Assert.Equal(2, error.ToString().Split("stopping…").Length);

        time.Advance(TimeSpan.FromMilliseconds(100));
        stops.Hear(signal);
        Assert.Equal([exitCode], exits);
    }

    /// <summary>A caller that asked the job to stop is no signal: the first one ends the process.</summary>
    [Fact]
    public void ASignal_AfterTheCallerAsked_EndsTheProcess()
    {
        using CancellationTokenSource caller = new();
        List<int> exits = [];
        using StopRequests stops = new(new(TextWriter.Null, false, static () => 80), exits.Add, new ManualTimeProvider(), caller.Token);

        caller.Cancel();
        stops.Hear(PosixSignal.SIGTERM);

        Assert.Equal([ExitCodes.Terminated], exits);
    }
}
