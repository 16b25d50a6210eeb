using System.Globalization;
using System.Text;

namespace Millrace.Storage;

/// <summary>How thorough a probe is.</summary>
public enum ProbeForm
{
    /// <summary>Enough to tell a store that ignores conditions: at every start. A few dozen requests of a few bytes.</summary>
    Quick,

    /// <summary>Everything, with more races and two uploads of more than 16 MiB: as a command, and where a store is met for the first time.</summary>
    Full,
}

/// <summary>One thing that was tried.</summary>
/// <param name="Name">What must hold.</param>
/// <param name="Passed">Whether it did.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ProbeCheck(string Name, bool Passed, string Detail, TimeSpan Elapsed)
{
    /// <summary>Why the store could not be asked; null where it answered, rightly or wrongly.</summary>
    public StoreUnavailableException? Unavailable { get; init; }
}

/// <summary>What a probe found.</summary>
/// <param name="Store">The store's address.</param>
/// <param name="Form">How thorough it was.</param>
/// <param name="Checks">All that were made.</param>
/// <param name="Elapsed">All together.</param>
public sealed record ProbeReport(string Store, ProbeForm Form, IReadOnlyList<ProbeCheck> Checks, TimeSpan Elapsed)
{
    /// <summary>True when the store can hold snapshots and a ledger.</summary>
    public bool IsConformant => Checks.All(static c => c.Passed);

    /// <summary>Refuses a store that is not.</summary>
    /// <exception cref="StoreNotConformantException">It answered, and not as it must.</exception>
    /// <exception cref="StoreUnavailableException">It refused or did not answer, so whether it is fit is not known.</exception>
    public void Require()
    {
        if (IsConformant) return;
        ProbeCheck[] failed = [.. Checks.Where(static c => !c.Passed)];
        if (Array.Find(failed, static c => c.Unavailable is null) is not null) throw new StoreNotConformantException(this);
        StoreUnavailableException why = failed[0].Unavailable!;
        throw new StoreUnavailableException(why.Message, why) { IsUnchanged = why.IsUnchanged };
    }

    /// <summary>A line for each check, then the verdict.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (ProbeCheck check in Checks)
            text.Append(CultureInfo.InvariantCulture, $"{(check.Passed ? "ok    " : "FAILED")} {check.Name}: {check.Detail} ({check.Elapsed.TotalMilliseconds:0} ms)\n");
        return text.Append(CultureInfo.InvariantCulture, $"{Store} is {(IsConformant ? "fit" : "not fit")} for snapshots and a ledger ({Elapsed.TotalMilliseconds:0} ms)").ToString();
    }
}

/// <summary>A store does not do what snapshots and a ledger rely on.</summary>
/// <param name="report">What the probe found.</param>
public sealed class StoreNotConformantException(ProbeReport report) : Exception(
    $"{report.Store} cannot hold snapshots: {string.Join("; ", report.Checks.Where(static c => !c.Passed).Select(static c => $"{c.Name}: {c.Detail}"))}. "
    + "With it two leaders could both commit, or data be lost. Use a folder or a store with conditional writes (docs/storage.md lists some), or check its address and permissions.")
{
    /// <summary>What the probe found.</summary>
    public ProbeReport Report => report;
}
