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
    public string Entry(long term, long sequence) => Of(RelativeEntry(term, sequence));

    /// <summary>A key relative to the root of the job, as the store knows it.</summary>
    public string Of(string relative) => Root.Length == 0 ? relative : $"{Root}/{relative}";

    /// <summary>Whether an object may be deleted once no snapshot needs it: packs and manifests of checkpoints.</summary>
    /// <param name="relative">Relative to the root of the job.</param>
    public static bool IsDisposable(string relative) =>
        (relative.StartsWith("packs/", StringComparison.Ordinal) && relative.Length > 6)
        || (relative.StartsWith("checkpoints/", StringComparison.Ordinal) && relative.EndsWith("/_metadata", StringComparison.Ordinal));

    /// <summary>
    /// Whether a leader may ever delete an object: what <see cref="IsDisposable"/> says, and entries of terms before its own, which it has
    /// accepted. Terms, any entry 0, entries of its own term and whatever the engine did not name are never deleted.
    /// </summary>
    /// <param name="relative">Relative to the root of the job.</param>
    /// <param name="term">The term of the leader, whose entry 0 is committed.</param>
    public static bool IsDisposableBy(string relative, long term) =>
        IsDisposable(relative) || (TryEntry(relative, out long written, out long sequence) && written < term && sequence > 0);

    /// <summary>Reads the name of an entry; false when it is none, as the engine writes it.</summary>
    /// <param name="relative">Relative to the root of the job.</param>
    /// <param name="term">Its term.</param>
    /// <param name="sequence">Its number.</param>
    public static bool TryEntry(string relative, out long term, out long sequence)
    {
        (term, sequence) = (0, 0);
        string[] parts = relative.Split('/');
        return parts is ["ledger", _, _]
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out term)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out sequence)
            && relative == RelativeEntry(term, sequence);   // no leading zeros: that would be another object
    }

    static string RelativeEntry(long term, long sequence) => string.Create(CultureInfo.InvariantCulture, $"ledger/{term}/{sequence}");
}
