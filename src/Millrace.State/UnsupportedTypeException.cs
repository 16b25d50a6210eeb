namespace Millrace.State;

/// <summary>A type cannot be a key, or cannot be stored or sent. Thrown while planning, before any record is read.</summary>
public sealed class UnsupportedTypeException : Exception
{
    /// <summary>Makes the exception from everything that was found wrong with a type.</summary>
    /// <param name="type">The type the user named.</param>
    /// <param name="use">What the type was to be: "a key" or "stored".</param>
    /// <param name="problems">All problems; at least one.</param>
    public UnsupportedTypeException(Type type, string use, IReadOnlyList<TypeProblem> problems)
        : base(Describe(type, use, problems))
    {
        Type = type;
        Problems = problems;
    }

    /// <summary>The type the user named.</summary>
    public Type Type { get; }

    /// <summary>Everything that is wrong with it, in member order; at least one.</summary>
    public IReadOnlyList<TypeProblem> Problems { get; }

    static string Describe(Type type, string use, IReadOnlyList<TypeProblem> problems) =>
        $"{TypeName.Of(type)} cannot be {use}:" + string.Concat(problems.Select(p => $"{Environment.NewLine}  {p}"));
}
