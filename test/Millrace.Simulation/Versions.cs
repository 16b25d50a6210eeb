using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>What changes from one version of a program to the next.</summary>
enum ProgramChange
{
    /// <summary>An operator without state is added.</summary>
    PassAdded,

    /// <summary>It is removed.</summary>
    PassRemoved,

    /// <summary>A piece gets another id, and its state goes with it.</summary>
    Renamed,

    /// <summary>A piece's state is dropped.</summary>
    StateDropped,

    /// <summary>A piece is removed, and its state dropped.</summary>
    PieceRemoved,

    /// <summary>A piece and a sink of its own are added.</summary>
    TapAdded,

    /// <summary>The types of a piece's state, and of the records on their way to it, are the next form.</summary>
    TypesChanged,
}

/// <summary>The versions of a program: each is the one before with one change.</summary>
/// <param name="changes">From version 0 to 1, from 1 to 2, and so on.</param>
/// <param name="target">The piece that is renamed, dropped or removed; null when none may be.</param>
sealed class Versions(IReadOnlyList<ProgramChange> changes, CountPiece? target)
{
    public const string TapId = "tap";

    /// <summary>One program that never changes.</summary>
    public static Versions One { get; } = new([], null);

    /// <summary>How many there are.</summary>
    public int Count => changes.Count + 1;

    /// <summary>The piece to which something is done.</summary>
    public CountPiece? Target => target;

    /// <summary>Whether the state of the target is dropped on the way.</summary>
    public bool Drops => changes.Any(static c => c is ProgramChange.StateDropped);

    /// <summary>Whether the target is removed on the way.</summary>
    public bool Removes => changes.Contains(ProgramChange.PieceRemoved);

    /// <summary>Changes of chance.</summary>
    public static Versions Random(SimulatedChance chance, IReadOnlyList<IPiece> pieces)
    {
        CountPiece? target = pieces.OfType<CountPiece>().FirstOrDefault();
        EvolvingPiece? evolving = pieces.OfType<EvolvingPiece>().FirstOrDefault();
        List<ProgramChange> changes = [];
        for (int i = chance.Between(1, evolving is null ? 3 : 4); i > 0; i--)
        {
            ProgramChange change = evolving is not null && (target is null ? chance.Below(3) != 0 : chance.Below(2) == 0) ? ProgramChange.TypesChanged : (ProgramChange)chance.Below(6);
            if (change == ProgramChange.TypesChanged)
            {
                // Types may change again; everything else is done once.
                if (changes.Count(static c => c == ProgramChange.TypesChanged) < evolving!.Changes) changes.Add(change);
                continue;
            }

            if (change == ProgramChange.PassRemoved && !changes.Contains(ProgramChange.PassAdded)) change = ProgramChange.PassAdded;
            bool isOfTarget = change is ProgramChange.Renamed or ProgramChange.StateDropped or ProgramChange.PieceRemoved;
            if ((isOfTarget && (target is null || changes.Contains(ProgramChange.PieceRemoved))) || changes.Contains(change)) continue;
            // A job without a sink cannot run.
            if (change == ProgramChange.PieceRemoved && pieces.Count == 1) continue;
            changes.Add(change);
        }

        return new(changes, target);
    }

    /// <summary>Whether a version has been changed so.</summary>
    public bool Has(int version, ProgramChange change) => changes.Take(version).Contains(change);

    /// <summary>How often types have changed by a version.</summary>
    public int FormOf(int version) => changes.Take(version).Count(static c => c == ProgramChange.TypesChanged);

    /// <summary>The id of a piece's operator in a version.</summary>
    public string IdOf(string name, int version) => name == target?.Name && Has(version, ProgramChange.Renamed) ? $"{name}-renamed" : name;

    /// <summary>What a start has to say about state.</summary>
    public (IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames) Upgrade(int version, SnapshotManifest snapshot, int from)
    {
        List<string> drops = [];
        List<StateRename> renames = [];
        if (target is null) return (drops, renames);
        string was = IdOf(target.Name, from), becomes = IdOf(target.Name, version);
        if (snapshot.Operators.All(o => o.Id != was)) return (drops, renames);
        bool isGone = Has(version, ProgramChange.PieceRemoved);
        if (isGone || changes.Take(version).Skip(from).Contains(ProgramChange.StateDropped)) drops.Add(was);
        if (!isGone && was != becomes) renames.Add(new(was, becomes));
        return (drops, renames);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", then ", changes);
}
