using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;

namespace Millrace.Hosting;

/// <summary>Does what the process that runs a job is asked to do. Thread-safe.</summary>
internal sealed class JobCommands(CheckpointTally tally)
{
    readonly TaskCompletionSource<DurableJob> _job = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The job is there. Once.</summary>
    public void Bind(DurableJob job) => _job.SetResult(job);

    /// <summary>Answers. Stop and cancel answer when the job has ended and said so in its ledger.</summary>
    public async Task<ControlReply> AnswerAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        if (request.Command == ControlRequest.Status) return new(true, StatusText());
        DurableJob job = await _job.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return request.Command switch
        {
            ControlRequest.Checkpoint => Reply(await job.CheckpointAsync().WaitAsync(cancellationToken).ConfigureAwait(false)),
            ControlRequest.Savepoint => Reply(await job.SavepointAsync(request.Target).WaitAsync(cancellationToken).ConfigureAwait(false)),
            ControlRequest.Stop => await StopAsync(job, request, cancellationToken).ConfigureAwait(false),
            ControlRequest.Cancel => await CancelAsync(job, request, cancellationToken).ConfigureAwait(false),
            ControlRequest.Pin => await EditAsync(job, new LedgerEdit.Pin(request.Id, request.Reason), cancellationToken).ConfigureAwait(false),
            ControlRequest.Unpin => await EditAsync(job, new LedgerEdit.Unpin(request.Id), cancellationToken).ConfigureAwait(false),
            ControlRequest.Borrow => await EditAsync(job, new LedgerEdit.Borrow(request.Id, request.Reason, request.Borrower), cancellationToken).ConfigureAwait(false),
            ControlRequest.Return => await EditAsync(job, new LedgerEdit.Return(request.Id, request.Borrower), cancellationToken).ConfigureAwait(false),
            ControlRequest.DisposeSavepoint when request.Target is { } address => await EditAsync(job, new LedgerEdit.DisposeSavepoint(address), cancellationToken).ConfigureAwait(false),
            ControlRequest.Dispose => await EditAsync(job, new LedgerEdit.Dispose(request.Id), cancellationToken).ConfigureAwait(false),
            _ => new(false, $"the process that runs the job does not know the command '{request.Command}': it has another version of Millrace"),
        };
    }

    static async Task<ControlReply> StopAsync(DurableJob job, ControlRequest request, CancellationToken cancellationToken)
    {
        ControlReply taken = Reply(await job.StopAsync(request.IsDrain, request.Target).WaitAsync(cancellationToken).ConfigureAwait(false));
        if (!taken.IsDone) return taken;
        JobResult result = await job.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        return result.Ending == JobEnding.Stopped ? taken with { Text = $"stopped; {taken.Text}" } : taken with { IsDone = false, Text = $"the job {result.Ending} before it was stopped; {taken.Text}" };
    }

    static async Task<ControlReply> CancelAsync(DurableJob job, ControlRequest request, CancellationToken cancellationToken)
    {
        CheckpointAnswer? answer = await job.CancelAsync(request.IsSavepoint, request.Target).WaitAsync(cancellationToken).ConfigureAwait(false);
        ControlReply reply = answer is null ? new(true, "without a savepoint") : Reply(answer);
        if (!reply.IsDone) return reply with { Text = $"{reply.Text}; the job runs on" };
        JobResult result = await job.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        return reply with { IsDone = result.Ending == JobEnding.Cancelled, Text = $"{(result.Ending == JobEnding.Cancelled ? "cancelled" : $"the job {result.Ending} before it was cancelled")}; {reply.Text}" };
    }

    static async Task<ControlReply> EditAsync(DurableJob job, LedgerEdit edit, CancellationToken cancellationToken)
    {
        LedgerEditOutcome outcome = await job.EditAsync(edit, cancellationToken).ConfigureAwait(false);
        return new(outcome.IsDone, outcome.Text);
    }

    static ControlReply Reply(CheckpointAnswer answer) => answer switch
    {
        CheckpointAnswer.Taken { Savepoint: { } savepoint } taken => new(true, $"savepoint {taken.Snapshot.Id} is {savepoint.Address}", savepoint.Address),
        CheckpointAnswer.Taken taken => new(true, $"checkpoint {taken.Snapshot.Id} was taken"),
        CheckpointAnswer.Refused refused => new(false, refused.Why),
        var other => throw new System.Diagnostics.UnreachableException($"answered {other}"),
    };

    string StatusText()
    {
        if (!_job.Task.IsCompletedSuccessfully) return "the job is starting";
        JobStatus status = _job.Task.Result.Status;
        return $"{ProgressText.Number(status.RecordsRead)} records read, {ProgressText.Number(status.RecordsWritten)} written; {tally.Line}";
    }
}
