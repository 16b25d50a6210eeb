using System.Collections.Immutable;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What entries of a deployment have named as owed: tasks repeat it until they hear that a checkpoint that has it was confirmed, and it may be
/// acknowledged before that. By checkpoint, so that it is forgotten. Immutable.
/// </summary>
sealed record ToldTransactions
{
    // Parts of checkpoints that failed may come late.
    const int Min = 16;

    /// <summary>Nothing.</summary>
    public static readonly ToldTransactions None = new();

    ImmutableSortedDictionary<long, ImmutableArray<TransactionName>> ByCheckpoint { get; init; } = ImmutableSortedDictionary<long, ImmutableArray<TransactionName>>.Empty;

    /// <summary>All of it.</summary>
    public IEnumerable<TransactionName> Names => ByCheckpoint.Values.SelectMany(static names => names);

    /// <summary>Without what nobody repeats any more, a few checkpoints excepted.</summary>
    /// <param name="confirmed">The newest checkpoint that tasks knew to be confirmed when they were cut.</param>
    public ToldTransactions Before(long confirmed) => this with { ByCheckpoint = ByCheckpoint.RemoveRange(ByCheckpoint.Keys.Where(id => id <= confirmed).SkipLast(Min)) };

    /// <summary>An entry has named them.</summary>
    public ToldTransactions With(long checkpoint, IEnumerable<TransactionName> names) => this with { ByCheckpoint = ByCheckpoint.SetItem(checkpoint, [.. names]) };
}
