using System.Diagnostics.CodeAnalysis;
using Millrace.Engine;

namespace Millrace;

/// <summary>A connection between two operators.</summary>
public abstract class GraphEdge
{
    /// <summary>The operator that emits; null only for the late records of a window without a function, which is a problem of the graph.</summary>
    public abstract GraphNode? From { get; }

    /// <summary>The name of the side output it leaves by; null for the main output.</summary>
    public abstract string? SideName { get; }

    /// <summary>How records are dealt to parallel instances.</summary>
    [Experimental(Experiments.Engine)]
    public abstract PartitionKind Kind { get; }

    /// <summary>The record type.</summary>
    public abstract Type RecordType { get; }

    /// <summary>The bytes a record takes in a batch, without what it refers to.</summary>
    public abstract int RecordBytes { get; }

    /// <summary>The key type; null unless partitioned by key.</summary>
    public abstract Type? KeyType { get; }
}
