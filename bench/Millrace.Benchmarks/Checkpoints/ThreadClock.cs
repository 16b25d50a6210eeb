using System.Runtime.InteropServices;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// Time the calling thread has had a core, and how often the core was taken from it. Beside the time that passed it tells a step that is long from one that was interrupted: on a machine
/// with fewer cores than busy threads any thread waits for several milliseconds now and then.
/// </summary>
static partial class ThreadClock
{
    const int ThreadCpuTime = 3;     // CLOCK_THREAD_CPUTIME_ID of Linux.
    const int ThisThread = 1;        // RUSAGE_THREAD of Linux.

    /// <summary>Whether the system tells.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux();

    public static double Milliseconds
    {
        get
        {
            if (!IsSupported || GetTime(ThreadCpuTime, out TimeSpec time) != 0) return 0;
            return (time.Seconds * 1e3) + (time.Nanoseconds / 1e6);
        }
    }

    /// <summary>How often the core was taken from the calling thread since it began; zero where the system does not tell.</summary>
    public static long Preemptions => IsSupported && GetUsage(ThisThread, out Usage usage) == 0 ? usage.Involuntary : 0;

    [DllImport("libc", EntryPoint = "getrusage")]
    static extern int GetUsage(int who, out Usage usage);

    [DllImport("libc", EntryPoint = "clock_gettime")]
    static extern int GetTime(int clock, out TimeSpec time);

    // 18 numbers of 64 bits, of which the last counts involuntary switches.
    [StructLayout(LayoutKind.Explicit, Size = 18 * sizeof(long))]
    struct Usage
    {
        [FieldOffset(17 * sizeof(long))]
        public long Involuntary;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
