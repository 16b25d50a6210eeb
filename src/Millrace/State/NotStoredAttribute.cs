namespace Millrace;

/// <summary>
/// Leaves a property or field out of what is stored and sent. After a restore, or on the other side of a network channel, it has
/// the value that the constructor gives it.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class NotStoredAttribute : Attribute;
