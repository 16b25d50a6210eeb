namespace Millrace.State.Snapshots;

/// <summary>What a state amounts to in a snapshot.</summary>
/// <param name="Rows">Rows in all its runs, or items. Rows that later runs replace or delete count, too: only reading them all would tell.</param>
/// <param name="Deletions">Rows that are marks of deletion.</param>
/// <param name="Bytes">Bytes in packs, or of items.</param>
/// <param name="Runs">How many runs, or zero.</param>
public readonly record struct StateSize(long Rows, long Deletions, long Bytes, int Runs)
{
    /// <summary>The size of a state.</summary>
    /// <param name="state">The state.</param>
    public static StateSize Of(StateEntry state) => new(
        state.Runs.Sum(static r => r.Rows) + state.Items.Count,
        state.Runs.Sum(static r => r.Deletions),
        state.Runs.Sum(static r => r.Bytes) + state.Items.Sum(static i => (long)i.Data.Length),
        state.Runs.Count);
}

/// <summary>One state in two snapshots.</summary>
/// <param name="OperatorId">The operator's id.</param>
/// <param name="StateName">The name of the state.</param>
/// <param name="Before">In the first; null when it is not there.</param>
/// <param name="After">In the second; null when it is not there.</param>
/// <param name="HasOtherSchema">Whether it is in both with different schemas.</param>
public sealed record StateDifference(string OperatorId, string StateName, StateSize? Before, StateSize? After, bool HasOtherSchema)
{
    /// <summary>Whether anything differs.</summary>
    public bool IsSame => Before == After && !HasOtherSchema;
}

/// <summary>Two snapshots compared by what their manifests say.</summary>
/// <param name="Removed">Operators of the first that the second does not have.</param>
/// <param name="Added">Operators of the second that the first does not have.</param>
/// <param name="States">All states of both, in the order of operator and name.</param>
/// <param name="SharedPacks">Packs that both name.</param>
/// <param name="AddedBytes">Bytes of packs that only the second names.</param>
public sealed record SnapshotDiff(
    IReadOnlyList<string> Removed, IReadOnlyList<string> Added, IReadOnlyList<StateDifference> States, int SharedPacks, long AddedBytes)
{
    /// <summary>Compares two snapshots, of one job or of two.</summary>
    /// <param name="before">The first.</param>
    /// <param name="after">The second.</param>
    public static SnapshotDiff Between(SnapshotManifest before, SnapshotManifest after)
    {
        Dictionary<(string, string), StateEntry> first = StatesOf(before), second = StatesOf(after);
        HashSet<string> firstPacks = [.. before.Packs.Select(static p => p.Key)];
        return new SnapshotDiff(
            [.. before.Operators.Select(static o => o.Id).Except(after.Operators.Select(static o => o.Id))],
            [.. after.Operators.Select(static o => o.Id).Except(before.Operators.Select(static o => o.Id))],
            [.. first.Keys.Union(second.Keys).Order().Select(k => Compare(k, first.GetValueOrDefault(k), second.GetValueOrDefault(k)))],
            after.Packs.Count(p => firstPacks.Contains(p.Key)),
            after.Packs.Where(p => !firstPacks.Contains(p.Key)).Sum(static p => p.Length));
    }

    static StateDifference Compare((string Operator, string State) name, StateEntry? before, StateEntry? after) => new(
        name.Operator,
        name.State,
        before is null ? null : StateSize.Of(before),
        after is null ? null : StateSize.Of(after),
        before is not null && after is not null && before.Schema != after.Schema);

    static Dictionary<(string, string), StateEntry> StatesOf(SnapshotManifest manifest) =>
        manifest.Operators.SelectMany(static o => o.States.Select(s => (Name: (o.Id, s.Schema.Name), State: s))).ToDictionary(static p => p.Name, static p => p.State);
}
