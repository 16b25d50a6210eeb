namespace Millrace.State;

/// <summary>One reason why a type cannot be a key or cannot be stored.</summary>
/// <param name="Path">Where, from the type the user named down to the member, for example <c>Order.Lines[].Callback</c>.</param>
/// <param name="Type">The type found there.</param>
/// <param name="Reason">What is wrong with it, as the rest of a sentence that starts with the type.</param>
/// <param name="Cure">What to do about it, as an imperative without a full stop.</param>
public sealed record TypeProblem(string Path, Type Type, string Reason, string Cure)
{
    /// <summary>The problem as one line: path, type, reason and cure.</summary>
    /// <returns>One sentence for people.</returns>
    public override string ToString() => $"{Path}: {TypeName.Of(Type)} {Reason}; {Cure}.";
}
