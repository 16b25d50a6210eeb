using Millrace.Runtime.Checkpoints;

namespace Millrace.Runtime.Durable;

/// <summary>
/// A process that runs a job whenever it is its turn. It waits while another leads the job, takes over when that one is gone, and waits again
/// when it was overtaken itself. Used once, by one caller.
/// </summary>
/// <param name="job">The name of the job.</param>
/// <param name="options">Clock and chance.</param>
/// <param name="durable">How the job is run. What it says about where to begin is honoured once: in later turns the job goes on where it is.</param>
public sealed class Standby(string job, EmbeddedOptions options, DurableOptions durable)
{
    readonly LeaderWatch _watch = new(job, durable, options.Time, options.Nonces);
    bool _hasLed;

    /// <summary>Waits for a turn, and for the next, until one of them ends otherwise than by another process.</summary>
    /// <typeparam name="T">What comes of a turn.</typeparam>
    /// <param name="lead">Runs the job once with the options it is given, and fails as <see cref="DurableJob.Completion"/> does.</param>
    /// <param name="cancellationToken">Stops waiting. A turn that has begun is not cancelled by it.</param>
    /// <returns>What came of the last turn.</returns>
    /// <exception cref="LedgerRefusedException">The store lost what must not be lost.</exception>
    public async Task<T> RunAsync<T>(Func<DurableOptions, Task<T>> lead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lead);
        while (true)
        {
            await _watch.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await lead(Turn()).ConfigureAwait(false);
            }
            catch (JobLedElsewhereException)
            {
                // Another standby was faster.
            }
            catch (LedgerFencedException overtaken)
            {
                durable.Tell($"{overtaken.Message}; what it had not committed was dropped, and it waits as a standby");
            }
        }
    }

    DurableOptions Turn()
    {
        DurableOptions turn = durable with { Watch = _watch, TakenUp = () => _hasLed = true };
        return _hasLed ? turn with { From = new StartFrom.Unsaid(), IsRewind = false, IsClaim = false } : turn;
    }
}
