using System.Diagnostics.CodeAnalysis;

namespace Millrace.Engine;

/// <summary>How the records of an edge are dealt to the parallel instances of its consumer.</summary>
[Experimental(Experiments.Engine)]
public enum PartitionKind
{
    /// <summary>Instance i to instance i; becomes <see cref="Rebalance"/> where the parallelisms differ and the user did not choose.</summary>
    Forward,

    /// <summary>To all instances in turn.</summary>
    Rebalance,

    /// <summary>To a contiguous share of the instances in turn, so that few channels are needed.</summary>
    Rescale,

    /// <summary>A copy to every instance.</summary>
    Broadcast,

    /// <summary>To the instance that owns the hash of the record's key.</summary>
    KeyBy,
}

/// <summary>The partitioning of one edge.</summary>
/// <typeparam name="T">The record type.</typeparam>
[Experimental(Experiments.Engine)]
public abstract class Partition<T>
{
    /// <summary>The kind.</summary>
    public abstract PartitionKind Kind { get; }

    /// <summary>Calls back with the key type, if there is one.</summary>
    public abstract TResult Accept<TResult>(IPartitionVisitor<T, TResult> visitor);
}

/// <summary>Called back by <see cref="Partition{T}.Accept"/>.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TResult">What the visit returns.</typeparam>
[Experimental(Experiments.Engine)]
public interface IPartitionVisitor<T, TResult>
{
    /// <summary>A partitioning that does not look at the record.</summary>
    TResult VisitPlain(PartitionKind kind);

    /// <summary>A partitioning by key.</summary>
    TResult VisitKeyBy<TKey>(Func<T, TKey> keyOf);
}

/// <summary>A partitioning that does not look at the record.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="kind">Any but <see cref="PartitionKind.KeyBy"/>.</param>
[Experimental(Experiments.Engine)]
public sealed class PlainPartition<T>(PartitionKind kind) : Partition<T>
{
    /// <inheritdoc/>
    public override PartitionKind Kind => kind;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IPartitionVisitor<T, TResult> visitor) => visitor.VisitPlain(kind);
}

/// <summary>A partitioning by key.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
/// <param name="keyOf">Reads the key.</param>
[Experimental(Experiments.Engine)]
public sealed class KeyPartition<T, TKey>(Func<T, TKey> keyOf) : Partition<T>
{
    /// <inheritdoc/>
    public override PartitionKind Kind => PartitionKind.KeyBy;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IPartitionVisitor<T, TResult> visitor) => visitor.VisitKeyBy(keyOf);
}
