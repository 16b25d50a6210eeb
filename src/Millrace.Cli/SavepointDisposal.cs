using System.CommandLine;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>Deletes a savepoint by its address. A job that knows it is told first, and asked whether it can do without.</summary>
internal static class SavepointDisposal
{
    // The job's own place is two folders above a savepoint's: <storage>/savepoints/<savepoint>.
    const int LevelsMax = 2;

    /// <summary>Deletes the files: <c>_metadata</c> first, so that there is a whole savepoint or none.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="job">The options that name the job; without them it is looked for where savepoints are by default.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="text">The address.</param>
    /// <param name="isSure">Whether the tool may lead the job for a moment.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<int> RunAsync(Tool tool, JobOptions job, ParseResult parsed, string text, bool isSure, CancellationToken cancellationToken)
    {
        string address = StoreAddress.Parse(text).ToString();
        OpenSnapshot? snapshot = await TryOpenAsync(tool, address, cancellationToken).ConfigureAwait(false);
        bool isNamed = parsed.GetValue(job.Storage) is not null && parsed.GetValue(job.Job) is not null;
        try
        {
            if (snapshot is null && !isNamed)
                throw new ToolException($"there is no snapshot at {address}: _metadata does not exist there. If a job still lists it, add --storage ADDRESS and --job NAME to have it forgotten", ExitCodes.Failed);
            if (snapshot?.Reader.Manifest is { Kind: not SnapshotKind.Savepoint } checkpoint)
                throw new ToolException($"{address} is a checkpoint, whose files others may need: dispose of it by its id, {checkpoint.Id}, with --storage and --job", ExitCodes.Refused);
            JobPlace? place = isNamed ? await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false)
                : await FindAsync(tool, snapshot!.Reader.Manifest.Job, address, cancellationToken).ConfigureAwait(false);
            if (place is not null)
            {
                await using (place.ConfigureAwait(false))
                {
                    if (await TellAsync(tool, place, address, isSure, cancellationToken).ConfigureAwait(false) is var exitCode and not ExitCodes.Finished) return exitCode;
                }
            }

            if (snapshot is not null) await DeleteAsync(tool, snapshot, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Finished;
        }
        finally
        {
            if (snapshot is not null) await snapshot.DisposeAsync().ConfigureAwait(false);
        }
    }

    static async Task DeleteAsync(Tool tool, OpenSnapshot snapshot, CancellationToken cancellationToken)
    {
        SnapshotManifest manifest = snapshot.Reader.Manifest;
        await snapshot.Store.DeleteAsync(snapshot.Reader.Key, cancellationToken).ConfigureAwait(false);
        foreach (PackEntry pack in manifest.Packs) await snapshot.Store.DeleteAsync(pack.Key, cancellationToken).ConfigureAwait(false);
        await tool.Output.WriteLineAsync($"savepoint {manifest.Id} of {manifest.Job} is deleted: {manifest.Packs.Count + 1} files").ConfigureAwait(false);
    }

    /// <summary>Records it in the ledger of the job, if that knows the savepoint.</summary>
    static async Task<int> TellAsync(Tool tool, JobPlace place, string address, bool isSure, CancellationToken cancellationToken)
    {
        LedgerView view = await place.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (!Knows(view.State, address)) return ExitCodes.Finished;
        LedgerEdit.DisposeSavepoint edit = new(address) { Recorded = RecordedAddress.Of(address, place.Storage.ToString()) };
        return await KeepCommands.ApplyAsync(tool, place, new() { Command = ControlRequest.DisposeSavepoint, Target = address }, edit, isSure, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The job that took it, if the savepoint is where that puts them by default.</summary>
    static async Task<JobPlace?> FindAsync(Tool tool, string job, string address, CancellationToken cancellationToken)
    {
        foreach (string storage in Above(address))
        {
            JobPlace place = new(tool, await tool.OpenAsync(storage, cancellationToken).ConfigureAwait(false), StoreAddress.Parse(storage), job);
            if (await place.Verbs.ReadAsync(cancellationToken).ConfigureAwait(false) is { } view && Knows(view.State, address)) return place;
            await place.DisposeAsync().ConfigureAwait(false);
        }

        return null;
    }

    static bool Knows(LedgerState state, string address) =>
        state.Savepoints.Any(s => s.Address == address) || (state.Origin is TimelineOrigin.Folder origin && origin.Address == address);

    static IEnumerable<string> Above(string address)
    {
        int question = address.IndexOf('?', StringComparison.Ordinal);
        string path = question < 0 ? address : address[..question], options = question < 0 ? "" : address[question..];
        for (int level = 0; level < LevelsMax; level++)
        {
            int slash = path.LastIndexOf('/');
            if (slash <= 0 || path[slash - 1] == '/') yield break;   // what is left is a scheme and a place
            path = path[..slash];
            yield return path + options;
        }
    }

    static async Task<OpenSnapshot?> TryOpenAsync(Tool tool, string address, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenSnapshot.AtAsync(tool, address, null, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectMissingException)
        {
            return null;
        }
    }
}
