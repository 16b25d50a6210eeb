using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Reads a job's history without any right to change it: for tools, and for a process that waits to lead. Never lists. Thread-safe.</summary>
public static class LedgerReader
{
    /// <summary>Reads what there is now.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">Where in the store.</param>
    /// <param name="job">The name of the job.</param>
    /// <param name="time">The clock, for pauses after requests without answer.</param>
    /// <param name="options">How often to ask again.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The view; null when the job was never started here.</returns>
    /// <exception cref="LedgerRefusedException">The store lost what must not be lost.</exception>
    /// <exception cref="LedgerCorruptException">An object of the ledger is damaged.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for as long as <see cref="LedgerOptions.GiveUpAfter"/> says.</exception>
    public static async ValueTask<LedgerView?> ReadAsync(
        IObjectStore store, LedgerKeys keys, string job, TimeProvider time, LedgerOptions options, CancellationToken cancellationToken)
    {
        var requests = new LedgerRequests(store, keys, time, options.Validated());
        LedgerHead hint = await HeadHint.ReadAsync(store, keys, cancellationToken);
        LeaderState reader = LedgerMachine.BeginReading(keys, job, hint);
        reader = await requests.LookAsync(reader, cancellationToken);
        if (reader.Phase is LeaderPhase.Refused refused) throw new LedgerRefusedException(store.Address, refused.Why);
        if (reader.Term == 0) return null;
        byte[]? claim = await store.TryGetAsync(keys.Term(reader.Term), cancellationToken);
        if (claim is null) throw new LedgerRefusedException(store.Address, $"{keys.Term(reader.Term)} was there a moment ago and is gone");
        return new LedgerView(reader.Job, reader.Tip, TermClaim.Read(keys.Term(reader.Term), claim), ((LeaderPhase.Read)reader.Phase).IsSettled) { HasEnded = reader.HasEnded };
    }
}

/// <summary>A job's history at a moment.</summary>
/// <param name="State">What follows from it.</param>
/// <param name="Tip">The last entry; null when the first leader has not written one yet.</param>
/// <param name="Claim">Who leads, or is about to.</param>
/// <param name="IsSettled">Whether the last entry counts for certain. If not, a process claimed the job and has not taken over its history yet.</param>
public sealed record LedgerView(LedgerState State, LedgerPosition? Tip, TermClaim Claim, bool IsSettled)
{
    /// <summary>Whether whoever wrote the last entry has recorded the end of its run. An end that it found when it took over is none: it may be about to begin.</summary>
    public bool HasEnded { get; init; }
}
