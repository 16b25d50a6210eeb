using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>
/// Finds out whether the process that leads a job lives: by asking it; or, where it cannot be asked, by waiting until it has written nothing for
/// long enough. A mistake costs it the job and no more: whoever is overtaken can commit nothing. Used by one start.
/// </summary>
/// <param name="folder">The folder of the job.</param>
/// <param name="job">The name of the job.</param>
/// <param name="surroundings">Clock and chance.</param>
/// <param name="takeoverAfter">How long a leader that cannot be asked must have written nothing.</param>
/// <param name="tell">Told what is waited for, one line each.</param>
internal sealed class LeaderWatch(IObjectStore folder, string job, StoreSurroundings surroundings, TimeSpan takeoverAfter, Action<string> tell)
{
    static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(500), s_backoffMax = TimeSpan.FromSeconds(1);

    readonly TimeProvider _time = surroundings.Time;
    readonly ControlClient _client = new(surroundings.Time);

    /// <summary>Whether the process lives that holds a claim. Takes up to the time of a takeover when it cannot be asked.</summary>
    public async ValueTask<bool> IsAliveAsync(TermClaim claim, CancellationToken cancellationToken)
    {
        LedgerPosition? tip = null;
        long since = _time.GetTimestamp();
        bool isTold = false;
        while (true)
        {
            // A claim without an address was made by a tool, which is gone once it has done its work.
            if (claim.Endpoint.Length == 0) return false;
            if (await AskAsync(claim, cancellationToken).ConfigureAwait(false) is not { } silence) return true;
            if (silence.Length == 0) return false;
            LedgerView? view = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (view is null) return false;
            // It recorded its end, and cannot have begun again without another claim.
            if (view.Claim.Term == claim.Term && view.IsSettled && view.State.Phase is not (JobPhase.Running or JobPhase.Stopping)) return false;
            if (view.Claim.Term != claim.Term || view.Tip != tip) since = _time.GetTimestamp();
            else if (_time.GetElapsedTime(since) >= takeoverAfter) return false;
            (claim, tip) = (view.Claim, view.Tip);
            if (!isTold) tell($"{claim.Leader} led the job and cannot be asked ({silence}); it is taken for gone when it has written nothing for {DurationText.Of(takeoverAfter)}");
            isTold = true;
            await Task.Delay(s_lookEvery, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits while another process runs the job.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        bool isTold = false;
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } view)
        {
            if (!await IsAliveAsync(view.Claim, cancellationToken).ConfigureAwait(false))
            {
                // By chance, so that of several that wait one is usually first; the ledger decides in any case.
                await Task.Delay(s_backoffMax * surroundings.Nonces.NextShare(), _time, cancellationToken).ConfigureAwait(false);
                LedgerView? now = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (now is null || now.Claim.Term == view.Claim.Term) return;
                continue;
            }

            if (!isTold) tell($"{view.Claim.Leader} runs the job; this process waits, and takes over when it is gone");
            isTold = true;
            await Task.Delay(s_lookEvery, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    ValueTask<LedgerView?> ReadAsync(CancellationToken cancellationToken) =>
        LedgerReader.ReadAsync(folder, new LedgerKeys(""), job, _time, new(), cancellationToken);

    /// <summary>Null when it answered; nothing when it is gone; otherwise why it cannot be asked.</summary>
    async Task<string?> AskAsync(TermClaim claim, CancellationToken cancellationToken)
    {
        if (ControlAddress.TryParse(claim.Endpoint) is not { } address) return "its address is not of a kind this program knows";
        ControlRequest status = new() { Command = ControlRequest.Status };
        return await _client.SendAsync(address, status, cancellationToken).ConfigureAwait(false) switch
        {
            ControlOutcome.Answered => null,
            ControlOutcome.Gone => "",
            ControlOutcome.Unknown unknown => unknown.Why,
            var other => throw new System.Diagnostics.UnreachableException($"asked and got {other}"),
        };
    }
}
