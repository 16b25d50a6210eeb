namespace Millrace.Testing.Simulation;

/// <summary>The pool of threads as simulated worlds need it: of one thread, so that order follows from what was put in line and from nothing else.</summary>
static class SimulationPool
{
    /// <summary>Whether nothing is in line.</summary>
    public static bool IsAtRest => ThreadPool.PendingWorkItemCount == 0;

    /// <summary>Puts something in line behind everything else.</summary>
    public static void LineUp(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    /// <summary>With more threads the machine would decide about the order of things.</summary>
    /// <exception cref="InvalidOperationException">It may have more; says what to put in the project file.</exception>
    public static void RequireOneThread()
    {
        ThreadPool.GetMaxThreads(out int workers, out _);
        if (workers == 1) return;
        throw new InvalidOperationException(
            $"the pool of this process may have {workers} threads, and a simulation needs one that decides everything. Put "
            + "<ThreadPoolMinThreads>1</ThreadPoolMinThreads><ThreadPoolMaxThreads>1</ThreadPoolMaxThreads> in the project file of the program or the test project");
    }
}
