using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>Decides what follows the failures of a job's deployments. Used by one job.</summary>
sealed class RestartLoop
{
    readonly EmbeddedOptions _options;
    readonly DurableOptions _durable;
    readonly Lock _lock = new();   // guards _restarts, _poison: checkpoints are told on any thread
    readonly long _started;
    RestartState _restarts;
    PoisonDetector _poison = PoisonDetector.Begin;

    public RestartLoop(EmbeddedOptions options, DurableOptions durable)
    {
        _options = options;
        _durable = durable;
        _durable.Restart.Validated();
        _started = options.Time.GetTimestamp();
        _restarts = RestartState.Begin(options.Nonces.Next());
    }

    /// <summary>A checkpoint was completed: the job gets on.</summary>
    public void OnTaken(CheckpointStatistics statistics)
    {
        lock (_lock)
        {
            _restarts = _restarts.OnCheckpoint();
            _poison = _poison.OnCheckpoint();
        }

        _durable.CheckpointTaken(statistics);
    }

    /// <summary>A deployment has failed.</summary>
    /// <param name="failure">Its first failure.</param>
    /// <param name="state">What the ledger says, for people.</param>
    /// <param name="isDamaged">Whether the checkpoint that was restored is damaged, so that an older one is looked for.</param>
    /// <returns>How long to wait before the tasks are deployed again; null when the job is given up.</returns>
    public TimeSpan? OnFailure(Exception failure, LedgerState state, bool isDamaged = false)
    {
        RestartDecision decision;
        string? verdict;
        lock (_lock)
        {
            _poison = _poison.OnFailure(failure is OperatorFailedException at ? new(at.OperatorId, at.Record, RemoteException.TypeOf(at.InnerException!)) : null);
            verdict = _poison.Verdict;
            (_restarts, decision) = _restarts.OnFailure(_durable.Restart, _options.Time.GetElapsedTime(_started));
        }

        if (verdict is not null) _durable.Tell(verdict);
        if (IsFinal(failure)) decision = new RestartDecision.GiveUp("the job is not restarted: the same would happen again");
        if (decision is RestartDecision.GiveUp giveUp)
        {
            _durable.Tell(giveUp.Why);
            return null;
        }

        TimeSpan delay = ((RestartDecision.RestartAfter)decision).Delay;
        _durable.Tell($"failed: {failure.Message}; restarting in {delay.TotalSeconds:0.#} s from {(isDamaged ? "an older checkpoint, if there is one" : StartDecision.Newest(state))}");
        return delay;
    }

    /// <summary>Failures that come again however often the tasks are deployed.</summary>
    static bool IsFinal(Exception failure) => failure is SinkRefusedException or OwedTransactionMissingException or RestoreFailedException;
}
