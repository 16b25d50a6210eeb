namespace Millrace.State;

/// <summary>
/// What one keyed function declares, in order: the one place that checks names, while planning and while running. Open during the
/// function's constructor, then closed for good.
/// </summary>
public sealed class StateDeclarations
{
    readonly List<StateDeclaration> _all = [];

    /// <summary>Everything declared so far, in order of declaration.</summary>
    public IReadOnlyList<StateDeclaration> All => _all;

    /// <summary>Whether the constructor has returned.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Adds a declaration.</summary>
    /// <param name="declaration">What is declared.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">The name is taken, by whatever kind, or the constructor has returned.</exception>
    public void Add(StateDeclaration declaration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(declaration.Name, "name");
        if (IsClosed)
            throw new InvalidOperationException($"'{declaration.Name}' is declared after the function was made; declare all state and timers in its constructor");
        foreach (StateDeclaration other in _all)
        {
            if (string.Equals(other.Name, declaration.Name, StringComparison.Ordinal))
                throw new InvalidOperationException(
                    $"'{declaration.Name}' is declared twice in this operator ({other.Kind}, then {declaration.Kind}); give each state and timer a name of its own");
        }

        _all.Add(declaration);
    }

    /// <summary>The constructor has returned: nothing more can be declared.</summary>
    public void Close() => IsClosed = true;

    /// <summary>Throws while the constructor runs, when there is no time yet.</summary>
    /// <exception cref="InvalidOperationException">The function is being made.</exception>
    public void RequireClosed(string property)
    {
        if (!IsClosed) throw new InvalidOperationException($"{property} is read while the function is made; read it in OnRecord or OnTimer");
    }
}
