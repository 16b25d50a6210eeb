using System.Runtime.InteropServices;

namespace Millrace.Cli;

/// <summary>Ctrl-C and SIGTERM: the first ends what is under way, the second the process at once. Thread-safe; signals arrive on a thread of their own.</summary>
internal sealed class StopSignals : IDisposable
{
    readonly CancellationTokenSource _asked = new();
    readonly PosixSignalRegistration[] _signals;
    int _exitCode;

    /// <summary>Listens from now on.</summary>
    public StopSignals() => _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];

    /// <summary>Cancelled with the first.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>The exit code of a process that ends by the first signal; zero when there was none.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _asked.Dispose();
    }

    void OnSignal(PosixSignalContext context)
    {
        int code = context.Signal == PosixSignal.SIGINT ? ExitCodes.Cancelled : ExitCodes.Terminated;
        // The second is left to the system, which ends the process.
        if (Interlocked.CompareExchange(ref _exitCode, code, 0) != 0) return;
        context.Cancel = true;
        _asked.Cancel();
    }
}
