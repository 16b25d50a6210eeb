using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Roles;

/// <summary>Finds the leader of a job where it has said that it leads: in its claim. Thread-safe.</summary>
/// <param name="folder">The folder of the job.</param>
/// <param name="job">The job.</param>
/// <param name="time">The clock.</param>
sealed class LeaderSearch(IObjectStore folder, string job, TimeProvider time)
{
    /// <summary>Where the newest leader listens; null when nobody has led yet, or cannot be reached, or the store does not say now.</summary>
    public async ValueTask<string?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            LedgerView? view = await LedgerReader.ReadAsync(folder, new LedgerKeys(""), job, time, new(), cancellationToken).ConfigureAwait(false);
            return view is { Claim.Endpoint: { Length: > 0 } endpoint } ? endpoint : null;
        }
        catch (StoreUnavailableException)
        {
            // The worker has nothing to do meanwhile, and looks again.
            return null;
        }
    }
}
