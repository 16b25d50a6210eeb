using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Carries out what <see cref="LedgerMachine"/> asks: each request once, and an answer the store did not give is "unknown". Reads ahead
/// while a chain is followed. One call at a time.
/// </summary>
sealed class LedgerRequests(IObjectStore store, LedgerKeys keys, TimeProvider time, LedgerOptions options)
{
    readonly Dictionary<(long Term, long Sequence), Task<byte[]?>> _ahead = [];
    int _window = 1;

    /// <summary>Asks until nothing more is to be asked.</summary>
    /// <param name="state">Where to begin.</param>
    /// <param name="patience">How long requests may go unanswered, in a row; infinite for ever.</param>
    /// <param name="cancellationToken">After cancellation the outcome of the last request is unknown.</param>
    /// <exception cref="TimeoutException">Patience ran out.</exception>
    public async ValueTask<LeaderState> SettleAsync(LeaderState state, TimeSpan patience, CancellationToken cancellationToken)
    {
        TimeSpan delay = options.RetryDelay;
        long answered = time.GetTimestamp();
        while (LedgerMachine.Request(state) is { } request)
        {
            LedgerReply reply = await AskAsync(state, request, cancellationToken);
            state = LedgerMachine.Step(state, reply);
            if (reply is not LedgerReply.Unknown)
            {
                (delay, answered) = (options.RetryDelay, time.GetTimestamp());
                continue;
            }

            if (patience != Timeout.InfiniteTimeSpan && time.GetElapsedTime(answered) >= patience)
                throw new TimeoutException($"{store.Address} has not answered for {patience.TotalSeconds:0.#} s");
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
                LedgerRequest.ReadEntry read when state.Phase is LeaderPhase.Following => Reply(await GetAheadAsync(read, cancellationToken)),
                LedgerRequest.ReadEntry read => Reply(await GetAsync(keys.Entry(read.Term, read.Sequence), cancellationToken)),
                LedgerRequest.CreateTerm create => await CreateAsync(keys.Term(create.Object.Claim.Term), create.Object.Bytes, cancellationToken),
                LedgerRequest.CreateEntry create => await CreateAsync(keys.Entry(create.Object.Entry.Term, create.Object.Entry.Sequence), create.Object.Bytes, cancellationToken),
                _ => throw new System.Diagnostics.UnreachableException($"no such request: {request}"),
            };
        }
        catch (StoreUnavailableException)
        {
            // Not an answer; the caller asks again, and counts how long.
            return LedgerMachine.Unanswered;
        }
    }

    async Task<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => await store.TryGetAsync(key, cancellationToken);

    // A chain of thousands of entries, one at a time, would take minutes. What was read ahead and found is immutable, so it counts; what
    // was not found may have been written since, and is read again.
    async ValueTask<byte[]?> GetAheadAsync(LedgerRequest.ReadEntry read, CancellationToken cancellationToken)
    {
        if (_ahead.Remove((read.Term, read.Sequence), out Task<byte[]?>? sent))
        {
            if (await sent is { } found)
            {
                _window = Math.Min(_window * 2, options.ReadAhead);
                ReadAhead(read, cancellationToken);
                return found;
            }

            await DropAheadAsync();
        }

        byte[]? bytes = await GetAsync(keys.Entry(read.Term, read.Sequence), cancellationToken);
        if (bytes is not null) ReadAhead(read, cancellationToken);
        return bytes;
    }

    void ReadAhead(LedgerRequest.ReadEntry read, CancellationToken cancellationToken)
    {
        for (long sequence = read.Sequence + 1; sequence <= read.Sequence + _window; sequence++)
        {
            if (!_ahead.ContainsKey((read.Term, sequence)))
                _ahead.Add((read.Term, sequence), GetAsync(keys.Entry(read.Term, sequence), cancellationToken));
        }
    }

    // Beyond the tail nothing is expected, so these answers matter to nobody; but no task is left unobserved.
    async Task DropAheadAsync()
    {
        Task<byte[]?>[] left = [.. _ahead.Values];
        _ahead.Clear();
        _window = 1;
        await ((Task)Task.WhenAll(left)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
