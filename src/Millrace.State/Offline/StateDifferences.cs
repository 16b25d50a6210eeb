using System.Runtime.CompilerServices;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>What became of a row between two snapshots.</summary>
public enum RowChange
{
    /// <summary>Only the second has it.</summary>
    Added,

    /// <summary>Only the first has it.</summary>
    Removed,

    /// <summary>Both have it, with different values.</summary>
    Changed,
}

/// <summary>A row that differs between two snapshots.</summary>
/// <param name="Change">How.</param>
/// <param name="Key">Its key; absent for state without keys.</param>
/// <param name="Sub">What tells it from other rows of the key: the map key, window or deadline; absent when nothing does.</param>
/// <param name="Before">Its value in the first; absent when it is not there.</param>
/// <param name="After">Its value in the second; absent when it is not there.</param>
public sealed record RowDifference(RowChange Change, StateValue Key, StateValue Sub, StateValue Before, StateValue After);

/// <summary>Counts what a comparison has found. Grows while the differences are read; one thread at a time.</summary>
public sealed class DifferenceTally
{
    /// <summary>Rows that only the second has.</summary>
    public long Added { get; private set; }

    /// <summary>Rows that only the first has.</summary>
    public long Removed { get; private set; }

    /// <summary>Rows with different values.</summary>
    public long Changed { get; private set; }

    /// <summary>Rows that are alike.</summary>
    public long Same { get; private set; }

    /// <summary>Counts what was over by its TTL in the first, whether it was compared or left out.</summary>
    public ExpiredTally ExpiredBefore { get; } = new();

    /// <summary>Counts what was over by its TTL in the second, whether it was compared or left out.</summary>
    public ExpiredTally ExpiredAfter { get; } = new();

    /// <summary>Whether any differs.</summary>
    public bool IsDifferent => Added + Removed + Changed > 0;

    internal RowDifference Count(RowDifference difference)
    {
        if (difference.Change == RowChange.Added) Added++;
        else if (difference.Change == RowChange.Removed) Removed++;
        else Changed++;
        return difference;
    }

    internal void CountSame() => Same++;
}

/// <summary>Which rows of a state are compared.</summary>
public sealed record DifferenceQuery
{
    /// <summary>All rows.</summary>
    public static DifferenceQuery All { get; } = new();

    /// <summary>Only those of this key, of which nothing else is read; null for all keys.</summary>
    public StateValue? Key { get; init; }

    /// <summary>Only those whose keys have their hash in this slice of the hash space, of which nothing else is read. The default is all of it.</summary>
    public KeyRange Range { get; init; } = KeyRange.Full;

    /// <summary>
    /// Only those that fit this as they were in the first snapshot, or <see cref="WhereAfter"/> as they are in the second; a list fits when one of its elements does. Null for all, where both are null.
    /// </summary>
    public StatePredicate? WhereBefore { get; init; }

    /// <summary>Made for the columns of the second snapshot, as <see cref="WhereBefore"/> for those of the first.</summary>
    public StatePredicate? WhereAfter { get; init; }

    /// <summary>Whether what was over at a snapshot by its TTL, and had not been removed yet, is compared as if it lived. The default is no.</summary>
    public bool WithExpired { get; init; }

    /// <summary>Told how far reading has come; may be null.</summary>
    public IProgress<StateProgress>? Progress { get; init; }

    internal bool HasWhere => WhereBefore is not null || WhereAfter is not null;
}

/// <summary>Compares a state in two snapshots, row by row: both are read once, side by side, in the order of the hashes of their keys. A list is one value.</summary>
public static class StateDifferences
{
    /// <summary>The rows that differ. Values count, not their bytes: neither the order in which timers were set nor that of the entries of a map.</summary>
    /// <param name="before">The first snapshot.</param>
    /// <param name="after">The second: of the same job or of another.</param>
    /// <param name="operatorId">The operator, in both.</param>
    /// <param name="stateName">The name of the state, in both.</param>
    /// <param name="tally">Receives the counts of the rows that are wanted; complete when the last difference was read.</param>
    /// <param name="query">Which rows; null for all.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">
    /// A snapshot has no such state, its rows cannot be matched - keys of other types, states of other kinds - or it has no keys and one was asked for.
    /// </exception>
    /// <exception cref="SnapshotCorruptException">Bytes are not what was written, or a file is missing.</exception>
    public static async IAsyncEnumerable<RowDifference> ReadAsync(
        StateSnapshot before, StateSnapshot after, string operatorId, string stateName, DifferenceTally tally, DifferenceQuery? query = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(tally);
        query ??= DifferenceQuery.All;
        StateColumns first = before.Columns(operatorId, stateName), second = after.Columns(operatorId, stateName);
        RequireMatch(first, second, $"state '{stateName}' of operator '{operatorId}'");
        if (first.Form == RowForm.Items)
        {
            if (query.Key is not null) throw new ArgumentException($"State '{stateName}' of operator '{operatorId}' has no keys; it is compared whole.", nameof(query));
            foreach (RowDifference difference in ItemDifferences.Between(before, after, operatorId, stateName, tally, query)) yield return difference;
            yield break;
        }

        (KeyRange range, byte[]? key) = StateSnapshot.Wanted(first, query.Key, query.Range, stateName);
        await using RowFeed left = new(await LivingRows.OpenAsync(before.Reader, operatorId, stateName, range, key, query.WithExpired, tally.ExpiredBefore, cancellationToken).ConfigureAwait(false), first, before.Reader.Key);
        await using RowFeed right = new(await LivingRows.OpenAsync(after.Reader, operatorId, stateName, range, key, query.WithExpired, tally.ExpiredAfter, cancellationToken).ConfigureAwait(false), second, after.Reader.Key);
        await left.NextAsync(cancellationToken).ConfigureAwait(false);
        await right.NextAsync(cancellationToken).ConfigureAwait(false);
        long rows = 0;
        while (left.HasRow || right.HasRow)
        {
            const int rowsPerReport = 4_096;
            if (++rows % rowsPerReport == 0) query.Progress?.Report(new(rows, ((left.HasRow ? left.Hash : right.Hash) - range.Start) / (double)range.Size));
            int order = left.CompareTo(right);
            if (IsWanted(query, order, left, right))
            {
                if (order == 0 && left.HasSameValue(right)) tally.CountSame();
                else if (Difference(order, left, right) is { } difference) yield return tally.Count(difference);
                else tally.CountSame();
            }

            if (order <= 0) await left.NextAsync(cancellationToken).ConfigureAwait(false);
            if (order >= 0) await right.NextAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    static bool IsWanted(DifferenceQuery query, int order, RowFeed left, RowFeed right) =>
        !query.HasWhere || (order <= 0 && query.WhereBefore is { } before && left.Fits(before)) || (order >= 0 && query.WhereAfter is { } after && right.Fits(after));

    static RowDifference? Difference(int order, RowFeed left, RowFeed right)
    {
        if (order < 0) return new(RowChange.Removed, left.Key, left.Sub, left.Value, StateValue.Absent);
        if (order > 0) return new(RowChange.Added, right.Key, right.Sub, StateValue.Absent, right.Value);
        StateValue was = left.Value, isNow = right.Value;
        return was.Equals(isNow) ? null : new(RowChange.Changed, left.Key, left.Sub, was, isNow);
    }

    static void RequireMatch(StateColumns first, StateColumns second, string place)
    {
        if (first.Form != second.Form) throw new ArgumentException($"The rows of {place} cannot be matched: it was a {first.Schema.Kind} and is a {second.Schema.Kind}.");
        if (first.Schema.Key?.Text != second.Schema.Key?.Text)
            throw new ArgumentException($"The rows of {place} cannot be matched: its keys were {first.Schema.Key?.Root} and are {second.Schema.Key?.Root}.");
        if (first.Schema.Sub?.Text != second.Schema.Sub?.Text)
            throw new ArgumentException($"The rows of {place} cannot be matched: what tells rows of one key apart was {first.Schema.Sub?.Root} and is {second.Schema.Sub?.Root}.");
    }
}

/// <summary>The items of operator states compared: as values, for they have no keys.</summary>
static class ItemDifferences
{
    public static IEnumerable<RowDifference> Between(StateSnapshot before, StateSnapshot after, string operatorId, string stateName, DifferenceTally tally, DifferenceQuery query)
    {
        List<(StateValue Value, bool IsWanted)> left = ItemsOf(before, operatorId, stateName, query.WhereBefore), right = ItemsOf(after, operatorId, stateName, query.WhereAfter);
        foreach ((StateValue value, bool isWanted) in left)
        {
            int same = right.FindIndex(r => r.Value.Equals(value));
            bool isShown = !query.HasWhere || isWanted || (same >= 0 && right[same].IsWanted);
            if (same >= 0) right.RemoveAt(same);
            if (!isShown) continue;
            if (same >= 0) tally.CountSame();
            else yield return tally.Count(new(RowChange.Removed, StateValue.Absent, StateValue.Absent, value, StateValue.Absent));
        }

        foreach ((StateValue value, bool isWanted) in right)
        {
            if (!query.HasWhere || isWanted) yield return tally.Count(new(RowChange.Added, StateValue.Absent, StateValue.Absent, StateValue.Absent, value));
        }
    }

    static List<(StateValue Value, bool IsWanted)> ItemsOf(StateSnapshot snapshot, string operatorId, string stateName, StatePredicate? where)
    {
        RowAssembly assembly = new(snapshot.Columns(operatorId, stateName), $"state '{stateName}' of operator '{operatorId}'", snapshot.Reader.Key);
        return [.. snapshot.Reader.State(operatorId, stateName).Items.Select(assembly.RowOf).Select(r => (r["value"], where?.Fits(r) == true))];
    }
}
