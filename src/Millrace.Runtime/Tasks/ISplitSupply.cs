using System.Diagnostics.CodeAnalysis;
using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>Where the readers of one source get their splits from. Thread-safe.</summary>
/// <typeparam name="TSplit">The split type.</typeparam>
public interface ISplitSupply<TSplit> where TSplit : ISplit
{
    /// <summary>Whether every split of a bounded source is in the hands of a reader, so that readers alone know how far event time is.</summary>
    bool AllAssigned { get; }

    /// <summary>Tells whom to notify of new splits. Before the first is found.</summary>
    void Bind(int reader, INotifiable task);

    /// <summary>Takes the next split for a reader; false when there is none now.</summary>
    /// <param name="reader">The reader's index.</param>
    /// <param name="lastBarrier">The last barrier that passed the reader; zero for none.</param>
    /// <param name="split">The split, and where to begin.</param>
    /// <param name="isComplete">Whether there will never be another for this reader.</param>
    bool TryTake(int reader, long lastBarrier, [NotNullWhen(true)] out SplitPosition<TSplit>? split, out bool isComplete);
}

/// <summary>Where splits are asked for when another role hands them out. Used while tasks are built, by one thread.</summary>
public interface ISplitSupplies
{
    /// <summary>The supply of a source.</summary>
    /// <param name="source">The source's id.</param>
    /// <param name="isBounded">Whether the source is bounded.</param>
    /// <param name="readers">How many readers there are.</param>
    ISplitSupply<TSplit> Of<TSplit>(string source, bool isBounded, int readers) where TSplit : ISplit;
}
