using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// The history of one job, as its leader writes it: <see cref="LedgerMachine"/> over a store. Every change of the job is an entry, and
/// counts when <c>AppendAsync</c> completes. Thread-safe; entries are written one at a time, in the order of the calls.
/// </summary>
/// <remarks>Once fenced it is fenced for good: every later call throws <see cref="LedgerFencedException"/>. It does not own the store.</remarks>
public sealed class Ledger : IAsyncDisposable
{
    readonly IObjectStore _store;
    readonly TimeProvider _time;
    readonly LedgerOptions _options;
    readonly StoreMeter _meter;
    readonly SemaphoreSlim _turn = new(1, 1);   // guards _leader: one entry at a time
    readonly CancellationTokenSource _lost = new();
    readonly HeadHint _head;
    readonly EntryPruner _pruner;
    volatile LeaderState _leader;

    Ledger(IObjectStore store, TimeProvider time, LedgerOptions options, StoreMeter meter, LeaderState leader)
    {
        (_store, _time, _options, _meter, _leader) = (store, time, options, meter, leader);
        _head = new HeadHint(store, leader.Keys);
        _head.Offer(leader.Tip!);
        _pruner = new EntryPruner(store, leader.Keys, time, () => _leader, _lost.Token);
        _pruner.Offer();
    }

    /// <summary>The name of the job.</summary>
    public string Job => _leader.Job.Job;

    /// <summary>The names of the job's objects.</summary>
    public LedgerKeys Keys => _leader.Keys;

    /// <summary>What follows from everything committed. Changes with every entry; read it once and keep what was read.</summary>
    public LedgerState State => _leader.Job;

    /// <summary>The last committed entry.</summary>
    public LedgerPosition Tip => _leader.Tip!;

    /// <summary>The claim this process leads by.</summary>
    public TermClaim Claim => _leader.Claim!;

    /// <summary>Cancelled when this process leads no longer.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Requests sent to the store for the ledger, hints and the deletion of superseded entries included.</summary>
    public long Requests => _meter.Counts.Calls;

    /// <summary>How many hints could not be written. Harmless but for the next start, which looks a little longer.</summary>
    public long HeadFailures => _head.Failures;

    /// <summary>Entries of superseded terms deleted so far, those that were gone already included.</summary>
    public long PrunedEntries => _pruner.Deleted;

    /// <summary>How many times the store refused to delete superseded entries. Harmless: they are deleted later.</summary>
    public long PruneFailures => _pruner.Failures;

    /// <summary>Claims the next term of a job and takes over its history.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">Where in the store.</param>
    /// <param name="job">The name of the job.</param>
    /// <param name="nonce">Chance, 32 hexadecimal digits, new for every call.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">How to lead.</param>
    /// <param name="cancellationToken">Cancels; a term may have been claimed, which does no harm.</param>
    /// <param name="seen">
    /// The newest term when it was decided to lead, 0 for none: a process that has claimed one since is not fenced, but is who was faster. Null, the default, fences whoever leads.
    /// </param>
    /// <returns>The ledger, or who was faster.</returns>
    /// <exception cref="LedgerRefusedException">The store lost what must not be lost.</exception>
    /// <exception cref="LedgerCorruptException">An object of the ledger is damaged.</exception>
    /// <exception cref="LedgerFencedException">Another process claimed a later term meanwhile.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for as long as <see cref="LedgerOptions.GiveUpAfter"/> says; a term may have been claimed, which does no harm.</exception>
    public static async ValueTask<LedgerOpening> OpenAsync(
        IObjectStore store, LedgerKeys keys, string job, string nonce, TimeProvider time, LedgerOptions options, CancellationToken cancellationToken,
        long? seen = null)
    {
        StoreMeter meter = new();
        store = store.Metered(meter);
        var requests = new LedgerRequests(store, keys, time, options.Validated());
        var claim = new TermClaim(0, options.Leader, options.Endpoint, nonce, time.GetUtcNow());
        LedgerHead hint = await HeadHint.ReadAsync(store, keys, cancellationToken);
        LeaderState leader = LedgerMachine.Begin(claim, keys, job, hint, seen);
        leader = await requests.LookAsync(leader, cancellationToken);
        return leader.Phase switch
        {
            LeaderPhase.Leading => new LedgerOpening.Leads(new Ledger(store, time, options, meter, leader)),
            LeaderPhase.Outrun outrun => new LedgerOpening.Outrun(outrun.Claim),
            _ => throw Failure(store, leader),
        };
    }

    /// <summary>Commits events: all of them or none, durably, and only if this process leads.</summary>
    /// <param name="events">At least one, in order. They must follow from <see cref="State"/>.</param>
    /// <param name="cancellationToken">After cancellation the outcome is open, and this process leads no longer.</param>
    /// <returns>The entry.</returns>
    /// <exception cref="LedgerFencedException">This process leads no longer. Whether the events were committed is for the next leader to find out.</exception>
    /// <exception cref="LedgerRefusedException">The store holds what cannot be.</exception>
    public async ValueTask<LedgerPosition> AppendAsync(IReadOnlyList<LedgerEvent> events, CancellationToken cancellationToken) =>
        await AppendAsync(_ => events, cancellationToken) ?? throw new ArgumentException("an entry has at least one event", nameof(events));

    /// <summary>Commits events that are made from the state they follow.</summary>
    /// <param name="make">Called once, alone; no event means that nothing is to be done.</param>
    /// <param name="cancellationToken">As for the other overload.</param>
    /// <returns>The entry; null when there was nothing to do.</returns>
    public ValueTask<LedgerPosition?> AppendAsync(Func<LedgerState, IReadOnlyList<LedgerEvent>> make, CancellationToken cancellationToken) =>
        AppendAsync(make, isPruningWorthAnEntry: false, new StoreMeter(), cancellationToken);

    /// <summary>The same, for a checkpoint that counts what is asked of the store on its behalf.</summary>
    /// <param name="make">Called once, alone; no event means that nothing is to be done.</param>
    /// <param name="meter">Counts the requests of this entry; the hint and the deletion of superseded entries, in the background, are not among them.</param>
    /// <param name="cancellationToken">As for the other overload.</param>
    /// <returns>The entry; null when there was nothing to do.</returns>
    public ValueTask<LedgerPosition?> AppendAsync(
        Func<LedgerState, IReadOnlyList<LedgerEvent>> make, StoreMeter meter, CancellationToken cancellationToken) =>
        AppendAsync(make, isPruningWorthAnEntry: false, meter, cancellationToken);

    /// <summary>
    /// Deletes the entries of superseded terms now, all of them, and records that they are gone. By itself that happens in the background and is
    /// recorded with the next entry.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting; what is left is deleted later.</param>
    /// <exception cref="LedgerFencedException">This process leads no longer.</exception>
    /// <exception cref="StoreUnavailableException">The store refused; what is left is deleted later.</exception>
    public async ValueTask PruneAsync(CancellationToken cancellationToken)
    {
        while (_pruner.HasWork)
        {
            // A run that a later term ended would begin again and again; here that is said.
            await CheckAsync(cancellationToken);
            if (await _pruner.RunAsync().WaitAsync(cancellationToken) is { } refused) throw refused;
        }

        await AppendAsync(static _ => [], isPruningWorthAnEntry: true, new StoreMeter(), cancellationToken);
    }

    async ValueTask<LedgerPosition?> AppendAsync(
        Func<LedgerState, IReadOnlyList<LedgerEvent>> make, bool isPruningWorthAnEntry, StoreMeter meter, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            RequireLeading();
            IReadOnlyList<LedgerEvent> events = make(_leader.Job);
            if (events.Count == 0 && !(isPruningWorthAnEntry && _pruner.Events(_leader.Job).Any())) return null;
            if (_leader.Tip!.Sequence + 1 >= _options.EntriesPerTerm) await SettleAsync(LedgerMachine.Roll(_leader, _time.GetUtcNow()), meter, cancellationToken);
            // What is deleted in the background is recorded in passing: a crash in between only has it deleted again.
            await SettleAsync(LedgerMachine.Append(_leader, [.. events, .. _pruner.Events(_leader.Job)], _time.GetUtcNow()), meter, cancellationToken);
            _head.Offer(_leader.Tip!);
            _pruner.Offer();
            return _leader.Tip;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Asks the store whether this process still leads. True of the moment it was asked, and no longer.</summary>
    /// <exception cref="LedgerFencedException">It does not.</exception>
    public async ValueTask CheckAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            RequireLeading();
            await SettleAsync(LedgerMachine.Check(_leader), new StoreMeter(), cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits for the last hint and stops deleting. The term stays claimed: nothing needs to be given back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _pruner.DisposeAsync();
        await _head.DrainAsync();
        _lost.Dispose();
        _turn.Dispose();
    }

    async ValueTask SettleAsync(LeaderState leader, StoreMeter meter, CancellationToken cancellationToken)
    {
        try
        {
            var requests = new LedgerRequests(_store.Metered(meter), leader.Keys, _time, _options);
            _leader = leader = await requests.SettleAsync(leader, _options.StepDownAfter, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // What was sent may yet arrive, and no other bytes may be sent in its place: this process is done with the term.
            StepDown(leader);
            if (e is OperationCanceledException) throw;
            throw new LedgerFencedException(Job, leader.Term, $"an entry's outcome stayed unknown, so it stepped down; the next leader finds out. {e.Message}", e);
        }

        if (leader.MayAct) return;
        _lost.Cancel();
        throw Failure(_store, leader);
    }

    void StepDown(LeaderState leader)
    {
        _leader = leader with { Phase = new LeaderPhase.Fenced(leader.Term) };
        _lost.Cancel();
    }

    void RequireLeading()
    {
        if (!_leader.MayAct) throw Failure(_store, _leader);
    }

    static Exception Failure(IObjectStore store, LeaderState leader) => leader.Phase switch
    {
        LeaderPhase.Fenced fenced when fenced.LaterTerm > (leader.Claim?.Term ?? 0) =>
            new LedgerFencedException(leader.Job.Job, leader.Term, $"{leader.Keys.Term(fenced.LaterTerm)} was claimed by another process"),
        LeaderPhase.Fenced => new LedgerFencedException(leader.Job.Job, leader.Term, "it stepped down, or was overtaken when it claimed its next term"),
        LeaderPhase.Refused refused => new LedgerRefusedException(store.Address, refused.Why),
        _ => new System.Diagnostics.UnreachableException($"settled as {leader.Phase}"),
    };
}

/// <summary>What came of opening a ledger. A closed set.</summary>
public abstract record LedgerOpening
{
    LedgerOpening() { }

    /// <summary>This process leads.</summary>
    /// <param name="Ledger">The ledger; the caller disposes it.</param>
    public sealed record Leads(Ledger Ledger) : LedgerOpening;

    /// <summary>Another process claimed the term at the same time, or a newer one than was seen, and leads.</summary>
    /// <param name="Claim">Its claim, which says where it can be reached.</param>
    public sealed record Outrun(TermClaim Claim) : LedgerOpening;
}
