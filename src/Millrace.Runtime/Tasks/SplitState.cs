using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>Where to go on with a split.</summary>
/// <param name="Split">The position.</param>
/// <param name="Largest">The largest timestamp read of it; none without event time.</param>
/// <param name="Sent">The watermark that later records were compared with; none without.</param>
public sealed record SplitPosition<TSplit>(TSplit Split, Timestamp Largest, Timestamp Sent);

/// <summary>What the leader knows of a source at a cut.</summary>
/// <param name="IsComplete">Whether all splits were found.</param>
/// <param name="Unassigned">Splits that no reader had.</param>
/// <param name="Known">The ids of all splits found so far, of a source whose splits go on being found.</param>
public sealed record AssignerState<TSplit>(bool IsComplete, SplitPosition<TSplit>[] Unassigned, string[] Known);

/// <summary>The operator states of a source.</summary>
static class SplitState
{
    public const string Positions = "splits";
    public const string Assigner = "assigner";

    public static StateSchema PositionsSchema<TSplit>() =>
        new() { Name = Positions, Layout = StateLayout.Split, Kind = "split", Value = Codec.Of<SplitPosition<TSplit>>().Schema };

    public static StateSchema AssignerSchema<TSplit>() =>
        new() { Name = Assigner, Layout = StateLayout.Leader, Kind = "assigner", Value = Codec.Of<AssignerState<TSplit>>().Schema };

    public static StateEntry Entry<TSplit>(IReadOnlyList<SplitPosition<TSplit>> positions, int subtask) => new()
    {
        Schema = PositionsSchema<TSplit>(),
        Items = [.. positions.Select(p => new ItemEntry(subtask, Codec.Of<SplitPosition<TSplit>>().Encode(p), p.Split?.ToString() ?? "", p.Sent))],
    };

    public static StateEntry Entry<TSplit>(AssignerState<TSplit> state) => new()
    {
        Schema = AssignerSchema<TSplit>(),
        Items = [new ItemEntry(0, Codec.Of<AssignerState<TSplit>>().Encode(state), $"{state.Unassigned.Length} splits not assigned{(state.IsComplete ? "" : ", more to be found")}", Timestamp.None)],
    };

    public static IReadOnlyList<SplitPosition<TSplit>> PositionsOf<TSplit>(RestoredOperator restored) =>
        restored.StateOf(Positions, StateLayout.Split) is { } state ? [.. Decode<SplitPosition<TSplit>>(state)] : [];

    public static AssignerState<TSplit>? AssignerOf<TSplit>(RestoredOperator restored) =>
        restored.StateOf(Assigner, StateLayout.Leader) is { Items.Count: > 0 } state ? Decode<AssignerState<TSplit>>(state).First() : null;

    static IEnumerable<T> Decode<T>(StateEntry state)
    {
        Codec<T> codec = Codec.Of<T>().ReadingFrom(state.Schema.Value);
        return state.Items.Select(i => codec.Decode(i.Data.Span));
    }
}
