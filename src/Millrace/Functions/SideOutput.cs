namespace Millrace;

/// <summary>
/// A named, typed second output of a process function. Keep it in a static field of the function, emit with
/// <see cref="Output{T}.EmitTo"/>, read with <see cref="DataStream{T}.Side"/>.
/// </summary>
/// <typeparam name="T">The type emitted.</typeparam>
/// <param name="name">Unique within the operator; two side outputs of one name are refused when the graph is built.</param>
public sealed class SideOutput<T>(string name)
{
    /// <summary>The name shown in plans and metrics.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));
}
