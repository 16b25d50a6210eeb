namespace Millrace;

/// <summary>
/// Closes a hierarchy: names every concrete type that a member, element or record of the annotated type may hold. Needed only
/// where the compiler cannot tell, that is unless all constructors of the annotated type are private.
/// </summary>
/// <param name="types">The concrete types, each derived from or implementing the annotated type. Their order does not matter.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, Inherited = false)]
public sealed class StateTypesAttribute(params Type[] types) : Attribute
{
    /// <summary>The concrete types.</summary>
    public IReadOnlyList<Type> Types { get; } = types;
}
