using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>A snapshot to restore from. Thread-safe; disposes of the store if it opened one.</summary>
/// <param name="Reader">The snapshot.</param>
/// <param name="Own">Names it when it is a checkpoint of the job itself; null otherwise.</param>
/// <param name="Address">Where it is when it is not; empty otherwise.</param>
/// <param name="OwnedStore">The store to dispose of; null for none.</param>
sealed record RestorePoint(SnapshotReader Reader, SnapshotReference? Own, string Address, IObjectStore? OwnedStore) : IAsyncDisposable
{
    /// <summary>Names it to others.</summary>
    public RestoreOrder Order { get; } = Own is not null ? new RestoreOrder.Own(Own) : new RestoreOrder.Folder(Address, ManifestJson.Sha256(Reader.ManifestBytes.Span));

    /// <summary>What is done to its state.</summary>
    public StateChoices Choices { get; init; } = StateChoices.None;

    /// <summary>What has been done to state on this line of history once that is done, as it was said.</summary>
    public IReadOnlyList<string> Honoured { get; init; } = [];

    /// <summary>What it says of itself.</summary>
    public SnapshotManifest Manifest => Reader.Manifest;

    /// <summary>What it holds, by the id the operator has in the program.</summary>
    /// <param name="order">What is dropped and renamed.</param>
    /// <param name="view">How rows are seen.</param>
    public Dictionary<string, RestoredOperator> Operators(DeployOrder order, Func<IRestoredRows, IRestoredRows> view)
    {
        IRestoredRows rows = view(new RestoredRows(Reader));
        Timestamp takenAt = Timestamp.FromDateTimeOffset(Manifest.TakenAt);
        return Kept(Manifest.Operators, order).ToDictionary(static k => k.Id, k => new RestoredOperator(k.Entry, rows) { TakenAt = takenAt }, StringComparer.Ordinal);
    }

    /// <summary>What is left of operators, by the id each has in the program.</summary>
    /// <param name="written">The operators of a snapshot.</param>
    /// <param name="order">What is dropped and renamed.</param>
    public static IEnumerable<(string Id, OperatorEntry Entry)> Kept(IReadOnlyList<OperatorEntry> written, DeployOrder order)
    {
        Dictionary<string, string> names = order.Renames.ToDictionary(static r => r.From, static r => r.To, StringComparer.Ordinal);
        foreach (OperatorEntry op in written)
        {
            if ((order.Drops.Contains(op.Id) ? InputOf(op) : op) is { } kept) yield return (names.GetValueOrDefault(op.Id, op.Id), Without(kept, order));
        }
    }

    public ValueTask DisposeAsync() => OwnedStore?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>What is left of an operator whose state is given up: the records on their way to it, which no source reads again; null when there were none.</summary>
    static OperatorEntry? InputOf(OperatorEntry op)
    {
        StateEntry[] input = [.. op.States.Where(static s => s.Schema.Layout == StateLayout.InFlight && s.Runs.Count > 0)];
        return input.Length == 0 ? null : op with { Finished = 0, Watermarks = [], States = input };
    }

    static OperatorEntry Without(OperatorEntry op, DeployOrder order) => op with
    {
        States =
        [
            .. op.States.Where(s => !order.Drops.Contains($"{op.Id}/{s.Schema.Name}"))
                .Where(s => s.Schema.Layout != StateLayout.InFlight || !order.InFlightDrops.Contains(op.Id)),
        ],
    };

    sealed class RestoredRows(SnapshotReader reader) : IRestoredRows
    {
        public async ValueTask RestoreAsync(OperatorEntry op, StateEntry state, KeyRange range, ISnapshotRows rows, CancellationToken cancellationToken)
        {
            rows.Expect(Expected(state, range));
            foreach (IRunReader run in await reader.OpenRunsAsync(op.Id, state.Schema.Name, range, cancellationToken).ConfigureAwait(false))
            {
                await using (run.ConfigureAwait(false))
                {
                    while (await run.ReadBlockAsync(cancellationToken).ConfigureAwait(false)) rows.RestoreBlock(run);
                }
            }
        }

        /// <summary>About as many rows as there will be: those of full runs. Later ones mostly change them.</summary>
        static long Expected(StateEntry state, KeyRange range)
        {
            double rows = 0;
            foreach (RunEntry run in state.Runs.Where(static r => r.IsFull)) rows += run.Rows * (double)run.Range.Intersect(range).Size / run.Range.Size;
            return (long)rows;
        }
    }
}
