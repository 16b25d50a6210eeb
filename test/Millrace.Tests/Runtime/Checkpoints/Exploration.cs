namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>A state of an exploration.</summary>
interface IExplored
{
    /// <summary>The invariant that is broken in it; null for none.</summary>
    string? Broken { get; }

    /// <summary>The same for states from which the same can follow, and for no others.</summary>
    UInt128 Fingerprint();
}

/// <summary>
/// Explores everything that can follow from a state, breadth first: with a bound, everything that takes up to so many steps. States are told apart by
/// hashes of 128 bits, so that those seen take 16 bytes each.
/// </summary>
/// <typeparam name="TWorld">The state. Immutable.</typeparam>
sealed class Exploration<TWorld>
    where TWorld : class, IExplored
{
    readonly HashSet<UInt128> _seen = [];

    /// <summary>Different states seen.</summary>
    public int States => _seen.Count;

    /// <summary>Whether nothing was left out because of the bound.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The state in which an invariant was first found broken; null when in none.</summary>
    public TWorld? Found { get; private set; }

    /// <summary>Explores.</summary>
    /// <param name="start">Where to begin.</param>
    /// <param name="successors">What can follow.</param>
    /// <param name="statesMax">Where to end.</param>
    /// <returns>The first broken invariant; null when none can be.</returns>
    public string? Run(TWorld start, Func<TWorld, IEnumerable<TWorld>> successors, int statesMax)
    {
        Queue<TWorld> queue = new([start]);
        _seen.Add(start.Fingerprint());
        while (_seen.Count < statesMax && queue.TryDequeue(out TWorld? world))
        {
            foreach (TWorld next in successors(world))
            {
                if (next.Broken is { } broken)
                {
                    Found = next;
                    return broken;
                }

                if (_seen.Add(next.Fingerprint())) queue.Enqueue(next);
            }
        }

        IsComplete = queue.Count == 0;
        return null;
    }
}
