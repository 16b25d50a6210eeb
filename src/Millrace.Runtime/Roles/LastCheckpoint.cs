using Millrace.Runtime.Checkpoints;

namespace Millrace.Runtime.Roles;

/// <summary>What a deployment ends with: the savepoint of a stop, or the checkpoint of the last output. Thread-safe.</summary>
/// <param name="ledger">The ledger.</param>
/// <param name="coordinator">The checkpoints of the deployment.</param>
sealed class LastCheckpoint(Ledger ledger, CheckpointCoordinator coordinator)
{
    readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lock = new();   // guards _stop
    Task<CheckpointAnswer>? _stop;
    volatile bool _isEndedByStop;

    /// <summary>Begins to stop: sources end with a savepoint, then everything is committed and recorded. Asked twice, it is one stop.</summary>
    public Task<CheckpointAnswer> StopAsync(bool isDrain, string? target)
    {
        lock (_lock)
        {
            // One that was refused before it was recorded, for a folder that cannot be written say, was none.
            bool wasRefused = _stop is { IsCompleted: true } && ledger.State.Stop is null;
            if (_stop is null || wasRefused) _stop = coordinator.StopAsync(isDrain, target, CancellationToken.None);
            return _stop;
        }
    }

    /// <summary>A barrier is sent.</summary>
    public void OnBarrier(Barrier barrier) => _isEndedByStop |= barrier.IsStop;

    /// <summary>What no checkpoint can be made whole without is gone.</summary>
    public void Break(Exception failure) => _broken.TrySetResult(failure);

    /// <summary>All tasks have finished: by the end of their input, or because they were stopped.</summary>
    public async Task CompleteAsync()
    {
        Task<CheckpointAnswer>? stop;
        lock (_lock) stop = _stop;
        if (stop is not null)
        {
            CheckpointAnswer answer = await AnswerAsync(stop).ConfigureAwait(false);
            if (answer is CheckpointAnswer.Taken) return;
            if (_isEndedByStop) throw Failure($"the job could not be stopped: {((CheckpointAnswer.Refused)answer).Why}");
            // The tasks came to the end of their input before they heard of it.
        }

        if (await AnswerAsync(coordinator.FinishAsync()).ConfigureAwait(false) is CheckpointAnswer.Refused unfinished)
            throw Failure($"the last output could not be committed: {unfinished.Why}");
    }

    /// <summary>Waits for the last checkpoint, which a sink that cannot prepare its part, or a lost worker, keeps from ever being whole.</summary>
    async Task<CheckpointAnswer> AnswerAsync(Task<CheckpointAnswer> answer)
    {
        await Task.WhenAny(answer, _broken.Task).ConfigureAwait(false);
        if (!answer.IsCompleted) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(await _broken.Task.ConfigureAwait(false));
        return await answer.ConfigureAwait(false);
    }

    // What ended the checkpoints says more than that there is no answer: whether the process was overtaken, or a sink refused for good.
    Exception Failure(string otherwise) => coordinator.Completion.Exception?.InnerException ?? new CheckpointFailedException(otherwise);
}
