namespace Millrace;

/// <summary>
/// Says what a member, a type, a case of a closed hierarchy or a name of an enumeration was called in state that was written before. What was
/// written under that name is read into it. May be given more than once, and be kept as long as such state may be restored.
/// </summary>
/// <param name="name">
/// The name as it was in the source: <c>Amount</c> of a member. Of a type without its namespace, <c>Order</c>, or with it where that is needed to tell two apart,
/// <c>Shop.Order</c>; without type arguments.
/// </param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface | AttributeTargets.Property | AttributeTargets.Field
    | AttributeTargets.Parameter, AllowMultiple = true, Inherited = false)]
public sealed class FormerNameAttribute(string name) : Attribute
{
    /// <summary>The name as it was.</summary>
    public string Name { get; } = name;
}
