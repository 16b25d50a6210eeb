using Millrace.Engine;

namespace Millrace;

/// <summary>
/// Describes a job: begin with <see cref="Source"/>, go on with the verbs of <see cref="DataStream{T}"/>, end with a sink. Describing
/// runs nothing. Every node of a job runs the same description, so it must not depend on where it runs. Not thread-safe.
/// </summary>
/// <param name="name">The job's name, shown in logs and metrics and part of the path of its state.</param>
public sealed class Dataflow(string name)
{
    readonly List<GraphNode> _nodes = [];

    /// <summary>The job's name.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>Reads a source.</summary>
    /// <param name="id">Unique within the job; names its position, so keep it from one version of the program to the next.</param>
    /// <param name="source">The source.</param>
    /// <param name="watermarks">Event time; null for a stream without.</param>
    public DataStream<T> Source<T, TSplit>(string id, ISource<T, TSplit> source, WatermarkStrategy<T>? watermarks = null)
        where TSplit : ISplit
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(source);
        return new(this, [Edge(Add<T>(id, new SourceSpec<T, TSplit>(source, watermarks), []))]);
    }

    /// <summary>The graph described so far, with all its problems.</summary>
    public JobGraph Build() => new(Name, [.. _nodes]);

    internal GraphPort<TOut> Add<TOut>(string? id, OperatorSpec? spec, IEnumerable<GraphEdge> inputs)
    {
        GraphPort<TOut> output = new(null, null);
        GraphNode node = new(_nodes.Count + 1, id, output) { Spec = spec };
        output.Node = node;
        foreach (GraphEdge edge in inputs) node.AddInput(edge);
        _nodes.Add(node);
        return output;
    }

    internal static GraphEdge<T> Edge<T>(GraphPort<T> port) => new(port, new PlainPartition<T>(PartitionKind.Forward));
}
