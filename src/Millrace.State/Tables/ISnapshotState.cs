using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>A declared state or timer that goes into snapshots.</summary>
interface ISnapshotState
{
    /// <summary>Makes its face for snapshots. Called once, before the first record, in jobs that take any.</summary>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    ISnapshotRows OpenSnapshots();
}
