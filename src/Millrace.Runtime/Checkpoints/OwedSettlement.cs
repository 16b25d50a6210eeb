using System.Collections.Concurrent;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Commits what sinks are owed. Only for transactions of an entry that this leader committed, or accepted with its own entry 0:
/// everything in <see cref="Ledger.State"/> is.
/// </summary>
public static class OwedSettlement
{
    /// <summary>Commits everything owed that was not given up, and records that nothing is owed any more. Before a deployment, a rewind, or the end of a job.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="commits">The sinks.</param>
    /// <param name="dropped">Operators whose transactions were given up by name.</param>
    /// <param name="cancellationToken">Cancels; what was committed and not recorded is committed again, which does nothing.</param>
    /// <returns>How many were committed.</returns>
    /// <exception cref="OwedTransactionMissingException">A sink does not have what it prepared.</exception>
    public static async ValueTask<int> SettleAsync(
        Ledger ledger, IOwedCommits commits, IReadOnlyCollection<string> dropped, CancellationToken cancellationToken)
    {
        if (ledger.State.Owed.Count == 0) return 0;
        OwedTransaction[] owed = [.. ledger.State.Owed.Where(owed => !dropped.Contains(owed.Operator))];
        // What was given up is owed no more from here on: a line of history neither begins nor ends while anything is, and sinks undo what is not owed.
        ConcurrentBag<TransactionName> done = [.. ledger.State.Owed.Except(owed).Select(TransactionName.Of)];
        await CommitAsync(owed, commits, done.Add, cancellationToken);
        await ledger.AppendAsync([new LedgerEvent.TransactionsSettled([.. done])], cancellationToken);
        return owed.Length;
    }

    /// <summary>Commits, in order for each operator, operators side by side.</summary>
    /// <param name="owed">In the order they were prepared.</param>
    /// <param name="commits">The sinks.</param>
    /// <param name="done">Called for each that is committed, from any thread.</param>
    /// <param name="cancellationToken">Cancels.</param>
    internal static Task CommitAsync(
        IReadOnlyList<OwedTransaction> owed, IOwedCommits commits, Action<TransactionName> done, CancellationToken cancellationToken)
    {
        return Task.WhenAll(owed.GroupBy(o => o.Operator, StringComparer.Ordinal).Select(group => CommitInOrderAsync([.. group])));

        async Task CommitInOrderAsync(OwedTransaction[] transactions)
        {
            foreach (OwedTransaction transaction in transactions)
            {
                await CommitAsync(transaction, commits, cancellationToken);
                done(TransactionName.Of(transaction));
            }
        }
    }

    /// <summary>Commits one.</summary>
    /// <exception cref="OwedTransactionMissingException">The sink does not have it.</exception>
    internal static async Task CommitAsync(OwedTransaction transaction, IOwedCommits commits, CancellationToken cancellationToken)
    {
        if (await commits.CommitAsync(transaction, cancellationToken) == CommitOutcome.Missing) throw new OwedTransactionMissingException(transaction);
    }
}
