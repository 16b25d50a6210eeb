namespace Millrace.Runtime.Tasks;

/// <summary>Where tasks wait for their turn.</summary>
public interface ITaskScheduler
{
    /// <summary>Puts a task in line; it is run once. Thread-safe.</summary>
    void Enqueue(StreamTask task);
}

/// <summary>What a task tells the job it belongs to. Called on worker threads.</summary>
public interface ITaskOwner
{
    /// <summary>Whether tasks should end at the next seam, whatever is left to do.</summary>
    bool IsStopping { get; }

    /// <summary>The task ended, and will never run again.</summary>
    /// <param name="task">The task.</param>
    /// <param name="failure">Why it failed; null when it finished, or stopped because it was told to.</param>
    void OnEnded(StreamTask task, Exception? failure);
}
