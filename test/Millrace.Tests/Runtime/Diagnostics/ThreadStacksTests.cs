using System.Diagnostics;
using System.Runtime.CompilerServices;
using Millrace.Runtime.Diagnostics;

namespace Millrace.Tests.Runtime.Diagnostics;

/// <summary>
/// Nothing runs beside these: while many methods are compiled, the runtime now and then reads through a null pointer on its own thread as it lists them, which
/// ends the whole process (libcoreclr 10.0.12; <see href="https://github.com/dotnet/runtime/issues/128525"/> tells of the like in 10.0.8).
/// </summary>
[CollectionDefinition(nameof(ThreadStacksTests), DisableParallelization = true)]
[Collection(nameof(ThreadStacksTests))]
public sealed class ThreadStacksTests
{
    static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    [Fact]
    public void NamesTheMethodsOfAThreadInAnEndlessLoop()
    {
        LinuxOnly();
        using var stuck = new StuckThread(static stuck => Outer(stuck));

        Assert.True(ThreadStacks.TryCapture(stuck.Id, Socket(), Generous, out var frames, out string? problem), problem);

        AssertInnermostFirst(frames, nameof(Loop), nameof(Middle), nameof(Outer));
    }

    [Fact]
    public void NamesTheMethodsOfAThreadThatWaits()
    {
        LinuxOnly();
        using var stuck = new StuckThread(static stuck => WaitForRelease(stuck));
        SpinWait.SpinUntil(() => stuck.Waits);

        Assert.True(ThreadStacks.TryCapture(stuck.Id, Socket(), Generous, out var frames, out string? problem), problem);

        AssertInnermostFirst(frames, "System.Threading.ManualResetEventSlim.Wait", nameof(WaitForRelease));
    }

    [Fact]
    public void TakesOneStackAfterAnotherAndLeavesNothingBehind()
    {
        LinuxOnly();
        using var stuck = new StuckThread(static stuck => Outer(stuck));
        ThreadStacks.Capture(stuck.Id, Socket(), Generous);
        ThreadStacks.Capture(stuck.Id, Socket(), TimeSpan.FromMilliseconds(20));     // Gives up midway.

        for (int i = 0; i < 3; i++)
        {
            Assert.True(ThreadStacks.TryCapture(stuck.Id, Socket(), Generous, out var frames, out string? problem), problem);
            AssertInnermostFirst(frames, nameof(Loop), nameof(Outer));
        }
    }

    [Theory]
    [InlineData(0, true, "the thread has not told its id")]
    [InlineData(1, false, "the runtime's diagnostics port is off (DOTNET_EnableDiagnostics=0?)")]
    public void SaysWhatIsMissing(int id, bool hasSocket, string why)
    {
        LinuxOnly();
        string? socket = hasSocket ? Socket() : null;
        Assert.False(ThreadStacks.TryCapture(id, socket, Generous, out IReadOnlyList<string> frames, out string? problem));
        Assert.Empty(frames);
        Assert.Equal(why, problem);
        Assert.Equal($"(the stack of thread {id} is not available: {why})", Assert.Single(ThreadStacks.Capture(id, socket, Generous)));
    }

    [Fact]
    public void SaysThatNobodyListens()
    {
        LinuxOnly();
        Assert.False(ThreadStacks.TryCapture(1, "/no/such/socket", Generous, out _, out string? problem));
        Assert.StartsWith("the runtime's diagnostics port refuses: ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void SaysThatNoSuchThreadWasSampled()
    {
        LinuxOnly();
        Assert.False(ThreadStacks.TryCapture(int.MaxValue, Socket(), TimeSpan.FromSeconds(2), out _, out string? problem));
        Assert.Equal("the runtime did not answer within 2 s with a sample of it; it has ended or runs no managed code", problem);
    }

    [Fact]
    public void GivesUpWhenTheLimitHasPassedAndSaysSo()
    {
        LinuxOnly();
        using var stuck = new StuckThread(static stuck => Outer(stuck));
        long started = Stopwatch.GetTimestamp();

        Assert.False(ThreadStacks.TryCapture(stuck.Id, Socket(), TimeSpan.FromMilliseconds(5), out _, out string? problem));

        Assert.StartsWith("the runtime did not answer within 0.005 s", problem, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < Generous);
    }

    [Fact]
    public void EveryThreadHasAnIdOfItsOwn()
    {
        LinuxOnly();
        using var one = new StuckThread(static stuck => WaitForRelease(stuck));
        using var other = new StuckThread(static stuck => WaitForRelease(stuck));

        Assert.Equal(3, new[] { one.Id, other.Id, ThreadStacks.CurrentThreadId() }.Distinct().Count(id => id > 0));
        Assert.Equal(ThreadStacks.CurrentThreadId(), ThreadStacks.CurrentThreadId());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Nettrace")]
    public void ATraceThatIsCutOffIsAnError(string trace) =>
        Assert.Throws<EndOfStreamException>(() => Read(System.Text.Encoding.ASCII.GetBytes(trace)));

    [Fact]
    public void WhatIsNoTraceIsAnError() =>
        Assert.Throws<InvalidDataException>(() => Read(new byte[100]));

    [Theory]
    [InlineData(new byte[] { 0x00 }, 0UL)]
    [InlineData(new byte[] { 0x7F }, 127UL)]
    [InlineData(new byte[] { 0x80, 0x01 }, 128UL)]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, ulong.MaxValue)]
    public void ReadsNumbersOfVariableLength(byte[] bytes, ulong expected)
    {
        var reader = new SpanReader(bytes);
        Assert.Equal(expected, reader.VarUInt());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void ANumberWithoutAnEndIsAnError() =>
        Assert.Throws<InvalidDataException>(() => new SpanReader(Enumerable.Repeat((byte)0x80, 20).ToArray()).VarUInt());

    static void Read(byte[] trace)
    {
        var reader = new NetTraceReader(new MemoryStream(trace), new StackSample(1));
        while (reader.ReadNext())
        {
        }
    }

    static string? Socket() =>
        new DirectoryInfo(Path.GetTempPath()).EnumerateFiles(ThreadStacks.SocketPattern).MaxBy(file => file.LastWriteTimeUtc)?.FullName;

    static void LinuxOnly() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Stacks of other threads are read on Linux only.");

    static void AssertInnermostFirst(IReadOnlyList<string> frames, params string[] methods)
    {
        int[] at = [.. methods.Select(method => frames.ToList().FindIndex(frame => frame.Contains($"{method}(", StringComparison.Ordinal)))];
        Assert.True(
            at.All(index => index >= 0) && at.SequenceEqual(at.Order()),
            string.Join('\n', frames));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Outer(StuckThread stuck)
    {
        Middle(stuck);
        GC.KeepAlive(stuck);     // No tail call: the frame stays.
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Middle(StuckThread stuck)
    {
        Loop(stuck);
        GC.KeepAlive(stuck);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Loop(StuckThread stuck)
    {
        stuck.Enter();
        while (!stuck.Released)
        {
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void WaitForRelease(StuckThread stuck)
    {
        stuck.Enter();
        stuck.Release.Wait();
        GC.KeepAlive(stuck);
    }

    /// <summary>A thread that is stuck in a method until it is disposed.</summary>
    sealed class StuckThread : IDisposable
    {
        readonly Thread _thread;
        readonly ManualResetEventSlim _entered = new();
        volatile bool _released;

        public StuckThread(Action<StuckThread> stuckIn)
        {
            _thread = new Thread(() =>
            {
                Id = ThreadStacks.CurrentThreadId();
                stuckIn(this);
            }) { IsBackground = true };
            _thread.Start();
            _entered.Wait();
        }

        public int Id { get; private set; }

        public bool Waits => _thread.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin);

        public bool Released => _released;

        public ManualResetEventSlim Release { get; } = new();

        /// <summary>Said by the thread in the innermost method.</summary>
        public void Enter() => _entered.Set();

        public void Dispose()
        {
            _released = true;
            Release.Set();
            _thread.Join();
            Release.Dispose();
            _entered.Dispose();
        }
    }
}
