namespace Millrace;

/// <summary>A sink of the job, for settings of its operator.</summary>
public sealed class SinkHandle
{
    readonly GraphNode _node;

    internal SinkHandle(GraphNode node) => _node = node;

    /// <summary>Sets the parallelism of the sink; without it the job's applies.</summary>
    /// <param name="parallelism">One or more. Validated when the graph is built.</param>
    public SinkHandle WithParallelism(int parallelism)
    {
        _node.Parallelism = parallelism;
        return this;
    }

    /// <summary>Runs the sink in a task of its own.</summary>
    public SinkHandle DisableChaining()
    {
        _node.Chaining = Chaining.Never;
        return this;
    }

    /// <summary>Gives the sink a thread of its own, because its writer blocks.</summary>
    public SinkHandle Blocking()
    {
        _node.Chaining = Chaining.Blocking;
        return this;
    }
}
