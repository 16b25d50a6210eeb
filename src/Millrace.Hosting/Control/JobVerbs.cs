using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>
/// The verbs that ask the process that runs a job, wherever it was started: found by the newest claim in the store, never by listing.
/// Thread-safe.
/// </summary>
/// <param name="folder">The folder of the job in its store; borrowed.</param>
/// <param name="job">The name of the job.</param>
/// <param name="time">The clock.</param>
/// <param name="storage">The address of the store, for what the ledger names relatively to it; null to leave that as it is recorded.</param>
public sealed class JobVerbs(IObjectStore folder, string job, TimeProvider time, string? storage = null)
{
    readonly ControlClient _client = new(time);

    /// <summary>Reads the job's history as it is now; null when the job was never started here.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LedgerRefusedException">The store lost what must not be lost.</exception>
    /// <exception cref="StoreUnavailableException">The store has not answered for ten seconds.</exception>
    public async ValueTask<LedgerView?> ReadAsync(CancellationToken cancellationToken) =>
        await LedgerReader.ReadAsync(folder, new LedgerKeys(""), job, time, new() { GiveUpAfter = LedgerOptions.Patience }, cancellationToken).ConfigureAwait(false) is { } view
            ? view with { State = RecordedAddress.Resolve(view.State, storage) }
            : null;

    /// <summary>Asks whoever leads the job.</summary>
    /// <param name="request">What.</param>
    /// <param name="claim">The newest claim.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ControlOutcome> AskAsync(ControlRequest request, TermClaim claim, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(claim);
        if (claim.Endpoint.Length == 0) return new ControlOutcome.Gone();
        return ControlAddress.TryParse(claim.Endpoint) is { } address
            ? await _client.SendAsync(address, request, cancellationToken).ConfigureAwait(false)
            : new ControlOutcome.Unknown("its address is not of a kind this program knows");
    }

    /// <summary>Says where the job is in its life: from the store, and from its process if that can be asked.</summary>
    /// <param name="output">Told of it.</param>
    /// <param name="error">Told why not.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>One of <see cref="ExitCodes"/>: finished when the job is known, whether it runs or not.</returns>
    public async Task<int> StatusAsync(TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } view) return await UnknownAsync(error).ConfigureAwait(false);
        ControlOutcome outcome = await AskAsync(new() { Command = ControlRequest.Status }, view.Claim, cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(LedgerText.Of(view, outcome)).ConfigureAwait(false);
        return ExitCodes.Finished;
    }

    /// <summary>Asks, and says what came of it.</summary>
    /// <param name="request">What.</param>
    /// <param name="output">Told of success.</param>
    /// <param name="error">Told why not.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public async Task<int> RunAsync(ControlRequest request, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        if (await ReadAsync(cancellationToken).ConfigureAwait(false) is not { } view) return await UnknownAsync(error).ConfigureAwait(false);
        switch (await AskAsync(request, view.Claim, cancellationToken).ConfigureAwait(false))
        {
            case ControlOutcome.Answered { Reply.IsDone: true } answered:
                await output.WriteLineAsync($"{job}: {answered.Reply.Text}").ConfigureAwait(false);
                return ExitCodes.Finished;
            case ControlOutcome.Answered answered:
                await error.WriteLineAsync($"{job}: {answered.Reply.Text}").ConfigureAwait(false);
                return ExitCodes.Failed;
            case ControlOutcome.Unknown unknown:
                await error.WriteLineAsync($"{job}: {view.Claim.Leader} leads the job, and could not be asked: {unknown.Why}").ConfigureAwait(false);
                return ExitCodes.NotRunning;
            default:
                await error.WriteLineAsync($"{job}: no process runs the job; {LedgerText.Phase(view.State)}. Start it, then ask again").ConfigureAwait(false);
                return ExitCodes.NotRunning;
        }
    }

    async Task<int> UnknownAsync(TextWriter error)
    {
        await error.WriteLineAsync($"{job}: there is no such job in {folder.Address}: it was never started there. Look at the address and the name").ConfigureAwait(false);
        return ExitCodes.NotRunning;
    }
}
