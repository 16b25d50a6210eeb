using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// Finds out whether the process that leads a job lives, and waits while it does: reads the ledger, asks, and has <see cref="LeaderVigil"/> and
/// <see cref="StandbyWait"/> decide. Used by one process, which asks one thing at a time.
/// </summary>
/// <param name="job">The name of the job.</param>
/// <param name="durable">Where it is, and how its leader is asked.</param>
/// <param name="time">The clock.</param>
/// <param name="nonces">Chance.</param>
sealed class LeaderWatch(string job, DurableOptions durable, TimeProvider time, NonceSource nonces)
{
    readonly IObjectStore _folder = durable.Store.Under(job);
    readonly TakeoverOptions _takeover = durable.Takeover.Validated();
    readonly long _started = time.GetTimestamp();
    LeaderVigil _vigil = LeaderVigil.Begin;
    long _toldSilent, _toldLed;

    TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>Looks until it is clear whether somebody leads the job: at once, or once the leader has been silent for long enough.</summary>
    /// <returns>The ledger as it was seen, null when the job was never started; and whether somebody leads it.</returns>
    /// <exception cref="StoreUnavailableException">The store refused.</exception>
    public async ValueTask<(LedgerView? View, bool IsLed)> LookAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan began = Now;
            LedgerView? view = await LedgerReader.ReadAsync(_folder, new LedgerKeys(""), job, time, new(), cancellationToken).ConfigureAwait(false);
            if (view is null) return (null, false);
            TimeSpan ended = Now;
            bool isReachable = view.Claim.Endpoint.Length > 0;
            LeaderAnswer answer = isReachable ? await durable.AskLeader(view.Claim, cancellationToken).ConfigureAwait(false) : new LeaderAnswer.Gone();
            bool isOver = view.IsSettled && view.Tip?.Term == view.Claim.Term && view.HasEnded;
            (_vigil, LeaderVerdict verdict) = _vigil.See(new(view.Claim.Term, isReachable, view.Tip, isOver, answer, began, ended), _takeover.After);
            if (verdict != LeaderVerdict.Doubtful) return (view, verdict == LeaderVerdict.Lives);
            if (_toldSilent != view.Claim.Term)
                durable.Tell($"{view.Claim.Leader} led the job and cannot be asked ({((LeaderAnswer.Silent)answer).Why}); it is taken for gone when it has written nothing for {Text(_takeover.After)}");
            _toldSilent = view.Claim.Term;
            await Task.Delay(_takeover.LookEvery, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits while another process leads the job, whatever the store does meanwhile.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        StandbyWait wait = StandbyWait.Begin;
        bool isToldOfStore = false;
        while (true)
        {
            StandbyStep step = StandbyStep.LookAgain;
            try
            {
                (LedgerView? view, bool isLed) = await LookAsync(cancellationToken).ConfigureAwait(false);
                (wait, step) = wait.Look(view?.Claim.Term, isLed);
                if (isLed && _toldLed != view!.Claim.Term) durable.Tell($"{view.Claim.Leader} runs the job; this process waits, and takes over when it is gone");
                _toldLed = isLed ? view!.Claim.Term : _toldLed;
            }
            catch (StoreUnavailableException refused)
            {
                // While nobody can read it nobody can lead the job, so there is time.
                if (!isToldOfStore) durable.Tell($"{refused.Message}; this process waits, and looks again");
                isToldOfStore = true;
            }

            if (step == StandbyStep.Claim) return;
            TimeSpan pause = step == StandbyStep.BackOff ? _takeover.BackoffMax * nonces.NextShare() : _takeover.LookEvery;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    static string Text(TimeSpan time) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(time.TotalSeconds >= 1 ? time.TotalSeconds : time.TotalMilliseconds):0.#}{(time.TotalSeconds >= 1 ? "s" : "ms")}");
}
