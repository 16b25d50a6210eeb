namespace Millrace.Simulation;

/// <summary>Situations that are rare and must be met now and then, or nothing is known about them.</summary>
static class Rare
{
    public static readonly IReadOnlyList<string> All =
    [
        "a connection was cut",
        "a half-open connection was found by heartbeat",
        "a leader was cut off, and went on",
        "a leader was paused",
        "a second process was told who leads",
        "a worker was lost while a checkpoint was under way",
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
        "the offline collection found something",
        "user code threw",
    ];
}
