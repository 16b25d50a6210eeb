using System.Globalization;

namespace Millrace.State.Snapshots;

/// <summary>The names of a job's objects in a store. Nothing else makes such names, and nothing is ever looked for by listing them.</summary>
/// <param name="Root">The folder of the job in the store, without a slash at either end; empty when the store is the job's own.</param>
public sealed record LedgerKeys(string Root)
{
    /// <summary>The hint: newest term and sequence seen.</summary>
    public string Head => Of("HEAD");

    /// <summary>The claim of a term.</summary>
    public string Term(long term) => Of(string.Create(CultureInfo.InvariantCulture, $"terms/{term}"));

    /// <summary>An entry of a term's ledger.</summary>
    public string Entry(long term, long sequence) => Of(string.Create(CultureInfo.InvariantCulture, $"ledger/{term}/{sequence}"));

    /// <summary>A key relative to the root of the job, as the store knows it.</summary>
    public string Of(string relative) => Root.Length == 0 ? relative : $"{Root}/{relative}";

    /// <summary>
    /// Whether an object may ever be deleted: packs and manifests of checkpoints. Terms, ledger entries and whatever the
    /// engine did not name are never deleted by it.
    /// </summary>
    /// <param name="relative">Relative to the root of the job.</param>
    public static bool IsDisposable(string relative) =>
        (relative.StartsWith("packs/", StringComparison.Ordinal) && relative.Length > 6)
        || (relative.StartsWith("checkpoints/", StringComparison.Ordinal) && relative.EndsWith("/_metadata", StringComparison.Ordinal));
}
