using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.Engine;

/// <summary>An output of an operator.</summary>
[Experimental(Experiments.Engine)]
public interface IGraphPort
{
    /// <summary>The operator; null only while the graph is being described.</summary>
    GraphNode? Node { get; }

    /// <summary>The <see cref="SideOutput{T}"/>; null for the main output.</summary>
    object? Side { get; }

    /// <summary>The side output's name; null for the main output.</summary>
    string? Name { get; }

    /// <summary>The record type.</summary>
    Type RecordType { get; }

    /// <summary>Calls back with the record type.</summary>
    TResult Accept<TResult>(IPortVisitor<TResult> visitor);
}

/// <summary>Called back by <see cref="IGraphPort.Accept"/>.</summary>
/// <typeparam name="TResult">What the visit returns.</typeparam>
[Experimental(Experiments.Engine)]
public interface IPortVisitor<TResult>
{
    /// <summary>Visits a port.</summary>
    TResult Visit<T>(GraphPort<T> port);
}

/// <summary>An output of an operator.</summary>
/// <typeparam name="T">The record type.</typeparam>
[Experimental(Experiments.Engine)]
public sealed class GraphPort<T> : IGraphPort
{
    internal GraphPort(GraphNode? node, SideOutput<T>? side)
    {
        Node = node;
        Side = side;
    }

    /// <inheritdoc/>
    public GraphNode? Node { get; internal set; }

    /// <inheritdoc cref="IGraphPort.Side"/>
    public SideOutput<T>? Side { get; }

    /// <inheritdoc/>
    public string? Name => Side?.Name;

    /// <inheritdoc/>
    public Type RecordType => typeof(T);

    object? IGraphPort.Side => Side;

    /// <inheritdoc/>
    public TResult Accept<TResult>(IPortVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A connection between two operators.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="port">Where records leave.</param>
/// <param name="partition">How they are dealt to parallel instances.</param>
[Experimental(Experiments.Engine)]
public sealed class GraphEdge<T>(GraphPort<T> port, Partition<T> partition) : GraphEdge
{
    /// <summary>Where records leave.</summary>
    public GraphPort<T> Port => port;

    /// <summary>How they are dealt to parallel instances.</summary>
    public Partition<T> Partition => partition;

    /// <inheritdoc/>
    public override GraphNode? From => port.Node;

    /// <inheritdoc/>
    public override string? SideName => port.Name;

    /// <inheritdoc/>
    public override PartitionKind Kind => partition.Kind;

    /// <inheritdoc/>
    public override Type RecordType => typeof(T);

    /// <inheritdoc/>
    public override int RecordBytes => Unsafe.SizeOf<T>();

    /// <inheritdoc/>
    public override Type? KeyType => partition.Accept(KeyTypeOf.Instance);

    sealed class KeyTypeOf : IPartitionVisitor<T, Type?>
    {
        public static readonly KeyTypeOf Instance = new();

        public Type? VisitPlain(PartitionKind kind) => null;

        public Type? VisitKeyBy<TKey>(Func<T, TKey> keyOf) => typeof(TKey);
    }
}
