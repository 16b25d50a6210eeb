namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// This process does not lead the job any more, for good: another one claimed a later term, or the outcome of an entry had to be left
/// open. It must not report, commit, abort or delete anything; a new <see cref="Ledger"/> may be opened.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="term">The term it led.</param>
/// <param name="why">What happened.</param>
/// <param name="cause">The failure behind it, if any.</param>
public sealed class LedgerFencedException(string job, long term, string why, Exception? cause = null)
    : Exception($"this process leads job {job} no longer (term {term}): {why}", cause)
{
    /// <summary>The term it led.</summary>
    public long Term => term;
}

/// <summary>The store holds what cannot be; nothing was changed.</summary>
/// <param name="store">The store.</param>
/// <param name="why">The object, what is wrong, and what to do.</param>
public sealed class LedgerRefusedException(string store, string why) : Exception($"the ledger in {store} cannot be trusted: {why}");
