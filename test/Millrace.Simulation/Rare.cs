namespace Millrace.Simulation;

/// <summary>Situations that are rare and must be met now and then, or nothing is known about them.</summary>
static class Rare
{
    public static readonly IReadOnlyList<string> All =
    [
        "a checkpoint was kept or let go by hand: Pin",
        "a claimed savepoint was deleted",
        "a conflict that was our own",
        "a connection was cut",
        "a drained job was started again",
        "a half-open connection was found by heartbeat",
        "a leader was cut off, and went on",
        "a leader was paused",
        "a newer version took over",
        "a second process was told who leads",
        "a sink's commit was pending across a rescale",
        "a takeover during publish",
        "a worker was cut off, and came back",
        "a worker was lost while a checkpoint was under way",
        "a worker was paused",
        "an overtaken writer was refused by its fence",
        "cancel with a savepoint",
        "damaged bytes were read",
        "ended by JobLedElsewhereException",
        "ended by LedgerFencedException",
        "ended by SavepointFailedException",
        "ended by SimulatedFaultException",
        "ended by StoreUnavailableException",
        "killed in the middle of: cancel with a savepoint",
        "killed in the middle of: savepoint",
        "killed in the middle of: stop",
        "killed while a sink committed",
        "killed while an entry was created",
        "paused while a manifest was published",
        "records in flight were captured",
        "state was compared with source positions",
        "stop",
        "stop with a drain",
        "the offline collection found something",
        "the process of a worker was killed, and the leader went on",
        "the process of the leader was killed under its worker",
        "user code threw",
        "windows fired again for late records after a takeover",
    ];
}
