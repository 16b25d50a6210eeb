using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Something broken on purpose, to see that the simulation notices.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="About">What is broken.</param>
/// <param name="Change">Breaks it in every process.</param>
/// <param name="CommitsTwice">Whether the sink writes again what it is told to commit again.</param>
sealed record Mutation(string Name, string About, Func<LifeOptions, LifeOptions> Change, bool CommitsTwice = false)
{
    public static readonly Mutation None = new("none", "nothing is broken", static options => options);

    public static readonly IReadOnlyList<Mutation> All =
    [
        new("fencing", "a leader never sees that a later term was claimed", static options => options with { View = static store => new BlindStore(store) }),
        new("alignment", "barriers do not wait for each other", static options => options with { Checkpoints = options.Checkpoints with { Alignment = Alignment.AtLeastOnce } }),
        new("idempotence", "a commit that is repeated writes again", static options => options, CommitsTwice: true),
        new("silence", "nobody finds out that a connection has fallen silent", static options => options with { Beats = options.Beats with { Misses = int.MaxValue } }),
        new("slicing", "a restored task takes rows of its neighbours as well", static options => options with { Rows = static rows => new WholeRows(rows) }),
        new("credit", "a worker sends more records than there is room for", static options => options with { Wire = BrokenWire.WithMoreCredit }),
        new("courtesy", "a process takes a job over though it was told that somebody leads it", static options => options with { Believes = static _ => new LeaderAnswer.Gone() }),
        new("patience", "a process takes a job over as soon as its leader does not answer", static options => options with { Waits = static takeover => takeover with { After = TimeSpan.FromTicks(1) } }),
    ];

    /// <summary>Every row, whoever owns it.</summary>
    sealed class WholeRows(IRestoredRows rows) : IRestoredRows
    {
        public ValueTask RestoreAsync(OperatorEntry op, StateEntry state, KeyRange range, ISnapshotRows into, CancellationToken cancellationToken) =>
            rows.RestoreAsync(op, state, KeyRange.Full, into, cancellationToken);
    }

    /// <summary>The store of a process that has claimed a term, and never sees a later one.</summary>
    sealed class BlindStore(IListableStore inner) : IListableStore
    {
        long _own = long.MaxValue;

        public string Address => inner.Address;

        public async ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            CreateOutcome outcome = await inner.CreateAsync(key, content, cancellationToken);
            if (outcome == CreateOutcome.Created && TermOf(key) is { } term) _own = term;
            return outcome;
        }

        public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) =>
            TermOf(key) > _own ? null : await inner.TryGetAsync(key, cancellationToken);

        public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => inner.PutAsync(key, content, cancellationToken);

        public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) => inner.ReadAsync(key, offset, destination, cancellationToken);

        public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) => inner.TryGetLengthAsync(key, cancellationToken);

        public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => inner.BeginUploadAsync(key, cancellationToken);

        public ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        static long? TermOf(string key) => key.LastIndexOf("terms/", StringComparison.Ordinal) is >= 0 and var at && long.TryParse(key.AsSpan(at + 6), out long term) ? term : null;
    }
}
