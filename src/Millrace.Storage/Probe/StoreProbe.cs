namespace Millrace.Storage;

/// <summary>
/// Finds out whether a store does what the ledger relies on, by doing it: below <c>_probe/</c> and a name of its own, which it clears
/// afterwards. "S3-compatible" is no specification: some stores accept conditional writes and ignore the condition.
/// </summary>
/// <param name="store">The store, probed where it will be used. Not disposed of.</param>
/// <param name="time">Measures the checks.</param>
/// <param name="nonces">Names of objects. Probes that run at the same time must not share a seed.</param>
public sealed class StoreProbe(IObjectStore store, TimeProvider time, NonceSource nonces)
{
    /// <summary>Below what key the probe works.</summary>
    public const string Folder = "_probe";

    /// <summary>
    /// Asks whether the store answers at all; then runs the checks, all at the same time: each that fails says what was seen, and the others
    /// still run.
    /// </summary>
    /// <param name="form">How thorough.</param>
    /// <param name="cancellationToken">Cancels; what was written is then left behind.</param>
    /// <returns>What was found. A store that cannot be reached fails the first check: nothing is thrown for it.</returns>
    public async ValueTask<ProbeReport> RunAsync(ProbeForm form, CancellationToken cancellationToken)
    {
        ProbeObjects objects = new(store, $"{Folder}/{nonces.NextName()}");
        ProbeChecks checks = new(objects);
        ProbeRaces races = new(objects, form == ProbeForm.Full ? 32 : 4, form == ProbeForm.Full ? 16 : 8);
        List<(string Name, Func<CancellationToken, Task<string>> Check)> plan =
        [
            ("what is created can be read at once", checks.CreateAsync),
            ("creating over an object is refused", checks.CreateOverAsync),
            ("absence is never remembered", checks.AbsenceAsync),
            ("of racing creators one wins", races.CreatesAsync),
            ("a range is read exactly", checks.RangesAsync),
            ("replacing replaces", checks.ReplaceAsync),
            ("what is deleted is gone", checks.DeleteAsync),
        ];
        if (form == ProbeForm.Full)
        {
            plan.Add(("a long object in parts is whole, and never replaces one", checks.UploadAsync));
            plan.Add(("of racing uploads one is kept, whole", races.UploadsAsync));
        }

        long began = time.GetTimestamp();
        // A read is repeated until there is an answer; creations are not, and a store that is down would look like one that is unfit.
        ProbeCheck answers = await RunAsync("the store answers", checks.AnswersAsync, cancellationToken).ConfigureAwait(false);
        if (!answers.Passed) return new(store.Address, form, [answers], time.GetElapsedTime(began));
        ProbeCheck[] found = await Task.WhenAll(plan.Select(p => RunAsync(p.Name, p.Check, cancellationToken))).ConfigureAwait(false);
        ProbeCheck cleared = await RunAsync("the probe's own objects can be deleted", objects.ClearAsync, cancellationToken).ConfigureAwait(false);
        return new(store.Address, form, [answers, .. found, cleared], time.GetElapsedTime(began));
    }

    async Task<ProbeCheck> RunAsync(string name, Func<CancellationToken, Task<string>> check, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        try
        {
            return new(name, true, await check(cancellationToken).ConfigureAwait(false), time.GetElapsedTime(began));
        }
        catch (Exception e) when (e is ProbeFailure or StoreUnavailableException or ObjectMissingException or ObjectExistsException)
        {
            return new(name, false, e.Message, time.GetElapsedTime(began)) { Unavailable = e as StoreUnavailableException };
        }
    }
}

/// <summary>A check did not see what it must see.</summary>
/// <param name="seen">What it saw.</param>
sealed class ProbeFailure(string seen) : Exception(seen);
