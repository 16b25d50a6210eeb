namespace Millrace;

/// <summary>Names a job. Without it the name is the type's, in lower case with dashes: <c>FlightDelays</c> is <c>flight-delays</c>.</summary>
/// <param name="name">Shown in logs and metrics, and part of the path of the job's state: do not change it lightly.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class JobNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));
}
