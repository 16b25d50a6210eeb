using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Carries out what <see cref="LedgerMachine"/> asks: each request once, and an answer the store did not give is "unknown". Reads ahead
/// while a chain is followed. One call at a time.
/// </summary>
sealed class LedgerRequests(IObjectStore store, LedgerKeys keys, TimeProvider time, LedgerOptions options)
{
    static readonly TimeSpan s_tellAfter = TimeSpan.FromSeconds(5);

    readonly Dictionary<(long Term, long Sequence), Task<byte[]?>> _ahead = [];
    StoreUnavailableException? _refusal;
    int _window = 1;

    /// <summary>As <see cref="SettleAsync"/>, for who has nothing at stake yet: with the patience of the options.</summary>
    /// <exception cref="StoreUnavailableException">Patience ran out; names the object and the reason that the store gave last.</exception>
    public async ValueTask<LeaderState> LookAsync(LeaderState state, CancellationToken cancellationToken)
    {
        try
        {
            return await SettleAsync(state, options.GiveUpAfter, cancellationToken);
        }
        catch (TimeoutException late)
        {
            throw late.InnerException as StoreUnavailableException ?? new StoreUnavailableException(store.Address, "reading the ledger", late.Message, late);
        }
    }

    /// <summary>Asks until nothing more is to be asked.</summary>
    /// <param name="state">Where to begin.</param>
    /// <param name="patience">How long requests may go unanswered, in a row; infinite for ever.</param>
    /// <param name="cancellationToken">After cancellation the outcome of the last request is unknown.</param>
    /// <exception cref="TimeoutException">Patience ran out.</exception>
    public async ValueTask<LeaderState> SettleAsync(LeaderState state, TimeSpan patience, CancellationToken cancellationToken)
    {
        TimeSpan delay = options.RetryDelay;
        long answered = time.GetTimestamp();
        bool isTold = false;
        while (LedgerMachine.Request(state) is { } request)
        {
            LedgerReply reply = await AskAsync(state, request, cancellationToken);
            state = LedgerMachine.Step(state, reply);
            if (reply is not LedgerReply.Unknown)
            {
                (delay, answered, _refusal) = (options.RetryDelay, time.GetTimestamp(), null);
                continue;
            }

            TimeSpan waited = time.GetElapsedTime(answered);
            if (patience != Timeout.InfiniteTimeSpan && waited >= patience)
                throw new TimeoutException($"{store.Address} has not answered for {patience.TotalSeconds:0.#} s{(_refusal is null ? "" : $": {_refusal.Message}")}", _refusal);
            if (!isTold && waited >= s_tellAfter)
            {
                options.Tell?.Invoke($"{_refusal?.Message ?? $"{store.Address} does not say what became of {request}"}; asking again until it answers");
                isTold = true;
            }

            await Task.Delay(delay, time, cancellationToken);
            delay = delay * 2 < options.RetryDelayMax ? delay * 2 : options.RetryDelayMax;
        }

        _ahead.Clear();
        return state;
    }

    async ValueTask<LedgerReply> AskAsync(LeaderState state, LedgerRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request switch
            {
                LedgerRequest.ReadTerm read => Reply(await GetAsync(keys.Term(read.Term), cancellationToken)),
                LedgerRequest.ReadEntry read when state.Phase is LeaderPhase.Following => await GetAheadAsync(read, cancellationToken),
                LedgerRequest.ReadEntry read when state.Phase is LeaderPhase.Walking => await GetFirstAsync(read.Term, cancellationToken),
                LedgerRequest.ReadEntry read => Reply(await GetAsync(keys.Entry(read.Term, read.Sequence), cancellationToken)),
                LedgerRequest.CreateTerm create => await CreateAsync(keys.Term(create.Object.Claim.Term), create.Object.Bytes, cancellationToken),
                LedgerRequest.CreateEntry create => await CreateAsync(keys.Entry(create.Object.Entry.Term, create.Object.Entry.Sequence), create.Object.Bytes, cancellationToken),
                _ => throw new System.Diagnostics.UnreachableException($"no such request: {request}"),
            };
        }
        catch (StoreUnavailableException refusal)
        {
            // Not an answer; the caller asks again, and counts how long.
            _refusal = refusal;
            return LedgerMachine.Unanswered;
        }
    }

    async Task<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => await store.TryGetAsync(key, cancellationToken);

    // A chain of thousands of entries, one at a time, would take minutes. What was read ahead and found is immutable, so it counts; what
    // was not found may have been written since, and is read again. At the end of the chain what was read ahead says that it is none, if an
    // entry was there beyond it: read again after that, the entry before cannot merely be late.
    async ValueTask<LedgerReply> GetAheadAsync(LedgerRequest.ReadEntry read, CancellationToken cancellationToken)
    {
        bool wasAhead = _ahead.Remove((read.Term, read.Sequence), out Task<byte[]?>? sent);
        sent ??= GetAsync(keys.Entry(read.Term, read.Sequence), cancellationToken);
        ReadAhead(read, cancellationToken);
        if (await sent is { } found)
        {
            _window = Math.Min(_window * 2, options.ReadAhead);
            return new LedgerReply.Found(found);
        }

        long beyond = await DropAheadAsync();
        byte[]? again = wasAhead || beyond > 0 ? await GetAsync(keys.Entry(read.Term, read.Sequence), cancellationToken) : null;
        return again is null ? new LedgerReply.Missing(beyond) : new LedgerReply.Found(again);
    }

    // The first entry of a term, which is not there, and the second, which tells why.
    async ValueTask<LedgerReply> GetFirstAsync(long term, CancellationToken cancellationToken)
    {
        byte[]? first = await GetAsync(keys.Entry(term, 0), cancellationToken);
        if (first is not null) return new LedgerReply.Found(first);
        if (await GetAsync(keys.Entry(term, 1), cancellationToken) is null) return new LedgerReply.Missing();
        first = await GetAsync(keys.Entry(term, 0), cancellationToken);
        return first is null ? new LedgerReply.Missing(1) : new LedgerReply.Found(first);
    }

    void ReadAhead(LedgerRequest.ReadEntry read, CancellationToken cancellationToken)
    {
        for (long sequence = read.Sequence + 1; sequence <= read.Sequence + _window; sequence++)
        {
            if (!_ahead.ContainsKey((read.Term, sequence)))
                _ahead.Add((read.Term, sequence), GetAsync(keys.Entry(read.Term, sequence), cancellationToken));
        }
    }

    /// <summary>Awaits what was read ahead, so that no task is left unobserved.</summary>
    /// <returns>The first entry that was found; zero for none. One that was not answered for is not known to be there.</returns>
    async Task<long> DropAheadAsync()
    {
        KeyValuePair<(long Term, long Sequence), Task<byte[]?>>[] left = [.. _ahead.OrderBy(static ahead => ahead.Key.Sequence)];
        _ahead.Clear();
        _window = 1;
        await ((Task)Task.WhenAll(left.Select(static ahead => ahead.Value))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (((long, long Sequence) place, Task<byte[]?> answer) in left)
        {
            if (answer.IsCompletedSuccessfully && await answer is not null) return place.Sequence;
        }

        return 0;
    }

    async ValueTask<LedgerReply> CreateAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await store.CreateAsync(key, bytes, cancellationToken) switch
        {
            CreateOutcome.Created => new LedgerReply.Created(),
            CreateOutcome.Exists => new LedgerReply.Exists(),
            _ => LedgerMachine.Unanswered,
        };

    static LedgerReply Reply(byte[]? bytes) => bytes is null ? new LedgerReply.Missing() : new LedgerReply.Found(bytes);
}
