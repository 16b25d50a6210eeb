using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Planning;

/// <summary>An operator of a program, with the states it declares.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Verb">Its verb.</param>
/// <param name="States">Its states.</param>
public sealed record ProgramOperator(string Id, string Verb, IReadOnlyList<StateSchema> States)
{
    /// <summary>The records on their way to it that a barrier may overtake; null where none can be.</summary>
    public StateSchema? InFlight { get; init; }

    /// <summary>What it prepares at every checkpoint, and owes until that is committed; null where it is no transactional sink.</summary>
    public TypeSchema? Prepared { get; init; }
}

/// <summary>What becomes of a state of a snapshot, or of a program.</summary>
public enum StateFate
{
    /// <summary>The program takes it up.</summary>
    Matched,

    /// <summary>The program takes it up, and reads it otherwise than it was written.</summary>
    Changed,

    /// <summary>It was named to be dropped.</summary>
    Dropped,

    /// <summary>The snapshot does not have it: it begins empty.</summary>
    New,

    /// <summary>The program has nowhere to put it, and it was not named to be dropped.</summary>
    Unmatched,

    /// <summary>The program has the state, with a type that it cannot be read as.</summary>
    Incompatible,
}

/// <summary>One line of an upgrade plan.</summary>
/// <param name="Operator">The operator's id, in the program where it has it.</param>
/// <param name="State">The state's name.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Why">A sentence with the cure, where it keeps the job from starting; otherwise what there is to know.</param>
public sealed record UpgradeLine(string Operator, string State, StateFate Fate, string Why)
{
    /// <summary>Whether the job cannot start like this.</summary>
    public bool IsRefused => Fate is StateFate.Unmatched or StateFate.Incompatible;
}

/// <summary>Compares a snapshot with a program, by name, before anything starts or stops. Pure.</summary>
public static class UpgradePlan
{
    /// <summary>Compares.</summary>
    /// <param name="snapshot">The operators of the snapshot.</param>
    /// <param name="program">The operators of the program.</param>
    /// <param name="drops">Operators, or <c>operator/state</c>, whose state is dropped.</param>
    /// <param name="renames">State that goes to an operator of another name.</param>
    /// <param name="inFlightDrops">Operators whose records on their way are dropped.</param>
    public static IReadOnlyList<UpgradeLine> Compare(
        IReadOnlyList<OperatorEntry> snapshot, IReadOnlyList<ProgramOperator> program, IReadOnlyCollection<string> drops, IReadOnlyList<StateRename> renames,
        IReadOnlyCollection<string> inFlightDrops)
    {
        List<UpgradeLine> lines = [.. Mistakes(snapshot, program, drops, renames)];
        HashSet<(string, string)> matched = [];
        foreach (OperatorEntry op in snapshot)
        {
            string id = renames.FirstOrDefault(r => r.From == op.Id)?.To ?? op.Id;
            ProgramOperator? target = program.FirstOrDefault(p => p.Id == id);
            foreach (StateEntry state in op.States)
            {
                bool isInput = state.Schema.Layout == StateLayout.InFlight;
                // Who gives up what an operator knows does not give up what it is yet to be told, unless it is gone.
                bool isDropped = (drops.Contains(op.Id) && (!isInput || target is null)) || drops.Contains($"{op.Id}/{state.Schema.Name}") || (isInput && inFlightDrops.Contains(op.Id));
                UpgradeLine line = isDropped ? new(id, state.Schema.Name, StateFate.Dropped, $"as asked, {Rows(state)}") : Fate(op, state, id, target);
                if (line.Fate is StateFate.Matched or StateFate.Changed) matched.Add((id, state.Schema.Name));
                lines.Add(line);
            }
        }

        lines.AddRange(
            from op in program
            from state in op.States
            where !matched.Contains((op.Id, state.Name)) && lines.TrueForAll(l => l.Operator != op.Id || l.State != state.Name)
            select new UpgradeLine(op.Id, state.Name, StateFate.New, snapshot.Count == 0 ? $"{state.Kind}; it begins empty" : $"{state.Kind}, which the snapshot does not have; it begins empty"));
        return lines;
    }

    static UpgradeLine Fate(OperatorEntry op, StateEntry state, string id, ProgramOperator? target)
    {
        StateSchema schema = state.Schema;
        if (schema.Layout == StateLayout.InFlight && target is not null) return InFlight(op, state, id, target);
        if (target is null)
            return new(id, schema.Name, StateFate.Unmatched, $"the program has no operator '{id}': give it that id again, say --rename-state {op.Id}=<its id>, or give the state up with --drop-state {op.Id}");
        if (target.States.FirstOrDefault(s => s.Name == schema.Name) is not { } declared)
            return new(id, schema.Name, StateFate.Unmatched, $"operator '{id}' does not declare it any more: declare it again, or give it up with --drop-state {op.Id}/{schema.Name}");
        return Compared(id, state, declared, $"--drop-state {op.Id}/{schema.Name}");
    }

    /// <summary>Records on their way belong to the operator's input, whatever states it has.</summary>
    static UpgradeLine InFlight(OperatorEntry op, StateEntry state, string id, ProgramOperator target)
    {
        if (state.Runs.Count == 0) return new(id, state.Schema.Name, StateFate.Matched, Rows(state));
        return target.InFlight is { } declared
            ? Compared(id, state, declared, $"--drop-in-flight {op.Id}")
            : new(id, state.Schema.Name, StateFate.Incompatible,
                $"{Rows(state)} were on their way to it by key, and it does not read by key any more; start from a savepoint, which has none, or give them up with --drop-in-flight {op.Id}");
    }

    static UpgradeLine Compared(string id, StateEntry state, StateSchema declared, string drop)
    {
        SchemaResolution resolution = StateResolver.Resolve(state.Schema, declared);
        if (!resolution.IsCompatible)
            return new(id, state.Schema.Name, StateFate.Incompatible, $"{string.Join("; ", resolution.Problems)}; or give the state up with {drop}");
        string[] changes = Changes(resolution, state.Schema, declared);
        return changes.Length == 0
            ? new(id, state.Schema.Name, StateFate.Matched, Rows(state))
            : new(id, state.Schema.Name, StateFate.Changed, $"{Rows(state)}; {string.Join("; ", changes)}");
    }

    /// <summary>What is read otherwise than it was written, and what another TTL does, in words.</summary>
    internal static string[] Changes(SchemaResolution resolution, StateSchema written, StateSchema declared) =>
        [.. resolution.Changes.Select(static c => c.ToString()), .. TtlChange.Of(written.Ttl, declared.Ttl) is { } ttl ? [ttl] : Array.Empty<string>()];

    static IEnumerable<UpgradeLine> Mistakes(
        IReadOnlyList<OperatorEntry> snapshot, IReadOnlyList<ProgramOperator> program, IReadOnlyCollection<string> drops, IReadOnlyList<StateRename> renames)
    {
        foreach (string drop in drops)
        {
            if (!snapshot.Any(op => op.Id == drop || op.States.Any(s => $"{op.Id}/{s.Schema.Name}" == drop)))
                yield return new(drop, "", StateFate.Unmatched, $"--drop-state {drop}: the snapshot has no such operator or state; it has {Names(snapshot.Select(static o => o.Id))}");
        }

        foreach (StateRename rename in renames)
        {
            if (snapshot.All(op => op.Id != rename.From))
                yield return new(rename.From, "", StateFate.Unmatched, $"--rename-state {rename.From}={rename.To}: the snapshot has no operator '{rename.From}'; it has {Names(snapshot.Select(static o => o.Id))}");
            if (program.All(op => op.Id != rename.To))
                yield return new(rename.To, "", StateFate.Unmatched, $"--rename-state {rename.From}={rename.To}: the program has no operator '{rename.To}'; it has {Names(program.Where(static o => o.States.Count > 0).Select(static o => o.Id))}");
        }
    }

    static string Rows(StateEntry state) => state.Schema.Layout is StateLayout.Keyed or StateLayout.InFlight
        ? $"{state.Runs.Sum(static r => r.Rows):N0} rows in {state.Runs.Count} runs"
        : $"{state.Items.Count:N0} items";

    static string Names(IEnumerable<string> ids) => string.Join(", ", ids.Select(static id => $"'{id}'"));
}
