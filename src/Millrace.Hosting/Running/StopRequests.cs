using System.Runtime.InteropServices;

namespace Millrace.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the job to stop, the second ends the process at once, unless it comes within half a second of the first. Thread-safe;
/// signals arrive on a thread of their own.
/// </summary>
internal sealed class StopRequests : IDisposable
{
    // Programs that end others signal the process and its group, so that one request arrives twice.
    static readonly TimeSpan s_sameRequest = TimeSpan.FromMilliseconds(500);

    readonly ErrorLines _lines;
    readonly TimeProvider _time;
    readonly Action<int> _exit;
    readonly CancellationTokenSource _asked = new();
    readonly CancellationTokenRegistration _caller;
    readonly PosixSignalRegistration[] _signals;
    int _exitCode;
    long _heardAt;
    volatile bool _isCaller, _isHeard;

    /// <summary>Listens from now on.</summary>
    /// <param name="lines">Told that the job stops.</param>
    /// <param name="exit">Ends the process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="callerToken">Asks the job to stop as well.</param>
    public StopRequests(ErrorLines lines, Action<int> exit, TimeProvider time, CancellationToken callerToken)
    {
        _time = time;
        _lines = lines;
        _exit = exit;
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];
        _caller = callerToken.Register(() =>
        {
            _isCaller = ExitCode == 0;
            TryAsk(ExitCodes.Cancelled);
        });
    }

    /// <summary>Cancelled when the job is to stop.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>The exit code of a process that stops because it was asked to.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    /// <summary>What asked, for people and the ledger.</summary>
    public string Cause => ExitCode == ExitCodes.Terminated ? "SIGTERM" : _isCaller ? "asked by the program" : "Ctrl-C";

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _caller.Dispose();
        _asked.Dispose();
    }

    void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Hear(context.Signal);
    }

    /// <summary>Does what a signal asks for.</summary>
    internal void Hear(PosixSignal signal)
    {
        bool isInterrupt = signal == PosixSignal.SIGINT;
        int code = isInterrupt ? ExitCodes.Cancelled : ExitCodes.Terminated;
        if (ExitCode != 0)
        {
            if (!_isHeard || _time.GetElapsedTime(Volatile.Read(ref _heardAt)) >= s_sameRequest) _exit(code);
            return;
        }

        Volatile.Write(ref _heardAt, _time.GetTimestamp());
        _isHeard = true;
        _lines.Print($"stopping… ({(isInterrupt ? "Ctrl-C again ends" : "a second SIGTERM ends")} the process at once){Environment.NewLine}");
        TryAsk(code);
    }

    void TryAsk(int code)
    {
        if (Interlocked.CompareExchange(ref _exitCode, code, 0) == 0) _asked.Cancel();
    }
}
