using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Expiry;

/// <summary>The rows of a state with a TTL, as restores and cuts see them. Owned by one task; not thread-safe.</summary>
interface IStampedRows
{
    /// <summary>What was removed because its time was over.</summary>
    long Expired { get; }

    /// <summary>A snapshot is about to be captured: time is looked at.</summary>
    void OnCut();

    /// <summary>A snapshot is about to be restored.</summary>
    void BeginRestore(RestoredFrom from);

    /// <summary>Adds a row, or removes one.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a row of the state.</exception>
    void Restore(in RunRow row);

    /// <summary>All rows are there: removes those that are over.</summary>
    void OnRestored();
}

/// <summary>A state that can be gone through for what is over.</summary>
interface ISweptState
{
    /// <summary>Its time.</summary>
    RowTtl Ttl { get; }

    /// <summary>How many rows it has.</summary>
    long RowCount { get; }

    /// <summary>Looks at more rows. Returns whether all were looked at.</summary>
    /// <param name="slots">How many slots may be looked at; reduced by those that were.</param>
    bool Sweep(ref int slots);
}
