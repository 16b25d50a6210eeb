using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// What a line of history began with cannot be restored, and the line has no checkpoint of its own to fall back on: deployed again, the same would happen.
/// </summary>
/// <param name="message">The file, the folder, and what can be done.</param>
/// <param name="cause">What was found.</param>
public sealed class RestoreFailedException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Makes the failure of a deployment one of these, if it is.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="from">What was restored; null for nothing.</param>
    /// <param name="state">What follows from the ledger.</param>
    /// <returns>The failure itself when there is something to fall back on, or it is no damage.</returns>
    internal static Exception Of(Exception failure, RestorePoint? from, LedgerState state)
    {
        if (!IsDamage(failure) || from is not { Own: null } || state.Latest is not null) return failure;
        return new RestoreFailedException(Text(from.Address, failure.Message, state), failure);
    }

    /// <summary>Whether a failure says that a snapshot is not what was written.</summary>
    internal static bool IsDamage(Exception failure) => RemoteException.TypeOf(failure) is nameof(SnapshotCorruptException) or nameof(ObjectMissingException);

    /// <summary>A sentence, and the choices.</summary>
    internal static string Text(string address, string found, LedgerState? state) =>
        $"the snapshot at {address} is damaged, and there is no checkpoint since: {found}. Bring the file back from a copy of the folder and start again, or start from something else, with --rewind "
        + $"where a line of history has begun with this one. {StartDecision.Choices(state)}";
}
