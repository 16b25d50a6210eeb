using System.Runtime.InteropServices;

namespace Millrace.Runtime.Diagnostics;

/// <summary>
/// The managed stack of another thread of this process, so that user code which does not return can be named.
/// </summary>
/// <remarks>
/// .NET has no call for this. The runtime's own diagnostics port has: a short sampling session walks the stacks of all
/// managed threads, whether they run or wait, and on its end the runtime lists its compiled methods, which turns addresses
/// into names. This is what the dotnet-stack tool does from outside. It works on Linux, takes a fifth of a second on an idle
/// machine, stops all threads for a moment every ten milliseconds meanwhile, and leaves no trace session behind.
/// The engine does not look into folders, so the caller finds the port's socket: the youngest file in the temporary folder
/// that fits <see cref="SocketPattern"/> (an older one is of a process that had our id before). There is none where
/// <c>DOTNET_EnableDiagnostics=0</c> switches the port off.
/// A process asks for it when it ends by force, and says why before: under load the runtime itself has been seen to crash while it lists its methods
/// (<see href="https://github.com/dotnet/runtime/issues/128525"/>).
/// Sources: <see href="https://github.com/dotnet/diagnostics/blob/main/documentation/design-docs/ipc-protocol.md"/>
/// and <see href="https://github.com/microsoft/perfview/blob/main/src/TraceEvent/EventPipe/NetTraceFormat_v5.md"/>.
/// </remarks>
public static partial class ThreadStacks
{
    /// <summary>What <see cref="Capture"/> may take when the caller has no opinion.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(3);

    /// <summary>How this process's diagnostics socket in the temporary folder is called; <c>*</c> stands for digits.</summary>
    public static string SocketPattern => $"dotnet-diagnostic-{Environment.ProcessId}-*-socket";

    /// <summary>
    /// The operating system's id of the calling thread, the one <see cref="Capture"/> takes; 0 where there is none to be
    /// had (not Linux). A thread asks once, when it starts, and lets those know who may want its stack later:
    /// <see cref="Environment.CurrentManagedThreadId"/> is a different number and cannot be translated from outside.
    /// </summary>
    public static int CurrentThreadId()
    {
        try
        {
            return OperatingSystem.IsLinux() ? GetThreadId() : 0;
        }
        catch (EntryPointNotFoundException)
        {
            return 0;     // A C library from before 2019.
        }
    }

    /// <summary>The stack of a thread, innermost frame first, as lines to print; or one line with the reason why there is none.</summary>
    /// <param name="osThreadId">From <see cref="CurrentThreadId"/>, asked by the thread itself.</param>
    /// <param name="socket">The path of this process's diagnostics socket; null when the caller found none.</param>
    /// <param name="limit">Gives up after this long; <see cref="DefaultLimit"/> suits.</param>
    /// <returns>At least one line. Never throws for what the runtime or the machine refuses.</returns>
    public static IReadOnlyList<string> Capture(int osThreadId, string? socket, TimeSpan limit) =>
        TryCapture(osThreadId, socket, limit, out IReadOnlyList<string> frames, out string? problem)
            ? frames
            : [$"(the stack of thread {osThreadId} is not available: {problem})"];

    /// <summary>As <see cref="Capture"/>, and tells a stack from a refusal.</summary>
    /// <param name="osThreadId">From <see cref="CurrentThreadId"/>, asked by the thread itself.</param>
    /// <param name="socket">The path of this process's diagnostics socket; null when the caller found none.</param>
    /// <param name="limit">Gives up after this long.</param>
    /// <param name="frames">The frames, innermost first, at least one; empty when refused.</param>
    /// <param name="problem">Why there is no stack; null when there is one.</param>
    public static bool TryCapture(
        int osThreadId, string? socket, TimeSpan limit, out IReadOnlyList<string> frames, out string? problem)
    {
        frames = [];
        problem = Refusal(osThreadId, socket);
        if (problem is not null)
        {
            return false;
        }

        try
        {
            (frames, problem) = Sample(osThreadId, socket!, limit);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or TimeoutException)
        {
            problem = e.Message;
        }

        return problem is null;
    }

    static string? Refusal(int osThreadId, string? socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "stacks of other threads are read on Linux only";
        }

        if (socket is null)
        {
            return "the runtime's diagnostics port is off (DOTNET_EnableDiagnostics=0?)";
        }

        return osThreadId > 0 ? null : "the thread has not told its id";
    }

    static (IReadOnlyList<string> Frames, string? Problem) Sample(int osThreadId, string socket, TimeSpan limit)
    {
        using DiagnosticsSession session = DiagnosticsSession.Start(socket, limit);
        var sample = new StackSample(osThreadId);
        var reader = new NetTraceReader(session.Events, sample);
        try
        {
            ReadUntil(reader, () => sample.Found);
            session.Stop();
            ReadUntil(reader, () => false);
        }
        catch (TimeoutException e) when (!sample.Found)
        {
            return ([], $"{e.Message} with a sample of it; it has ended or runs no managed code");
        }

        return sample.Found ? (sample.Frames(), null) : ([], "the runtime ended the session before it took a sample");
    }

    static void ReadUntil(NetTraceReader reader, Func<bool> enough)
    {
        while (!enough() && reader.ReadNext())
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();
}
