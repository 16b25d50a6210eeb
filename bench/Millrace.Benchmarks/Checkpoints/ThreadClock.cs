using System.Runtime.InteropServices;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// Time the calling thread has had a core. Beside the time that passed it tells a step that is long from one that was interrupted: on a machine
/// with fewer cores than busy threads any thread waits for several milliseconds now and then.
/// </summary>
static partial class ThreadClock
{
    const int ThreadCpuTime = 3;     // CLOCK_THREAD_CPUTIME_ID of Linux.

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

    [DllImport("libc", EntryPoint = "clock_gettime")]
    static extern int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
