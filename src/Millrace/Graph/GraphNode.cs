using Millrace.Engine;

namespace Millrace;

/// <summary>How an operator joins the chain before it. Chained operators run in one task and hand records over without a queue.</summary>
public enum Chaining
{
    /// <summary>Chained with its input where possible. The default.</summary>
    Allowed,

    /// <summary>Begins a chain of its own; operators after it may still join.</summary>
    Head,

    /// <summary>Neither joins a chain nor lets others join.</summary>
    Never,

    /// <summary>As <see cref="Never"/>, with a thread of its own, for functions that block.</summary>
    Blocking,
}

/// <summary>One operator of a job's graph. Immutable once the graph is built.</summary>
public sealed class GraphNode
{
    readonly List<GraphEdge> _inputs = [];
    readonly List<IGraphPort> _ports = [];

    internal GraphNode(int number, string? id, IGraphPort output)
    {
        Number = number;
        GivenId = id;
        Output = output;
    }

    /// <summary>The id the user gave, or one made of the verb and the position, such as <c>Where-3</c>.</summary>
    public string Id => GivenId ?? $"{Verb}-{Number}";

    /// <summary>The id the user gave; null where none was needed.</summary>
    public string? GivenId { get; }

    /// <summary>The position in the program, from one.</summary>
    public int Number { get; }

    /// <summary>The verb of the API that made it: <c>Where</c>, <c>Aggregate</c>.</summary>
    public string Verb => Spec?.Verb ?? "Window";

    /// <summary>The parallelism the user gave; null for the job's.</summary>
    public int? Parallelism { get; internal set; }

    /// <summary>Whether and how it may be chained.</summary>
    public Chaining Chaining { get; internal set; }

    /// <summary>Where its input comes from, in the order of the program.</summary>
    public IReadOnlyList<GraphEdge> Inputs => _inputs;

    /// <summary>What it does.</summary>
    [System.Diagnostics.CodeAnalysis.Experimental(Experiments.Engine)]
    public OperatorSpec? Spec { get; internal set; }

    /// <summary>Its main output.</summary>
    [System.Diagnostics.CodeAnalysis.Experimental(Experiments.Engine)]
    public IGraphPort Output { get; }

    /// <summary>Its side outputs that are read.</summary>
    [System.Diagnostics.CodeAnalysis.Experimental(Experiments.Engine)]
    public IReadOnlyList<IGraphPort> SidePorts => _ports;

    internal void AddInput(GraphEdge edge) => _inputs.Add(edge);

    internal GraphPort<T> SidePort<T>(SideOutput<T> side)
    {
        foreach (IGraphPort port in _ports)
        {
            if (ReferenceEquals(port.Side, side)) return (GraphPort<T>)port;
        }

        GraphPort<T> added = new(this, side);
        _ports.Add(added);
        return added;
    }

    internal void AdoptSidePort<T>(GraphPort<T> port)
    {
        if (port.Node is not null) throw new InvalidOperationException($"The late records of a window go to '{port.Node.Id}' already; call SplitLate once per aggregate");
        port.Node = this;
        _ports.Add(port);
    }
}
