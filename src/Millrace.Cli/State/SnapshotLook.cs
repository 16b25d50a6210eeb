using System.CommandLine;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>
/// Reads a snapshot that a running job may delete meanwhile. One that is gone is known from one that is damaged by the ledger, which no longer keeps it;
/// then <c>latest</c> means the newest one there is by now, and reading begins again.
/// </summary>
internal static class SnapshotLook
{
    /// <summary>What to do about checkpoints that are deleted.</summary>
    public const string Cure = "keep it with 'millrace snapshots pin ID', or make a copy with 'millrace snapshots copy', and read that";

    /// <summary>The name of the newest checkpoint.</summary>
    public const string Latest = "latest";

    /// <summary>The name of the newest savepoint.</summary>
    public const string LatestSavepoint = "latest-savepoint";

    /// <summary>How many checkpoints are tried one after the other that the job deletes meanwhile.</summary>
    public const int AttemptsMax = 20;

    /// <summary>Opens a snapshot and reads it.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="job">The options that name the job.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">An id, <c>latest</c>, <c>latest-savepoint</c>, or an address.</param>
    /// <param name="read">Reads it. May be called again, with a newer one.</param>
    /// <param name="hasTold">Whether something was printed that another snapshot would contradict.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ToolException">The snapshot was deleted while it was read, and cannot be read anew; or it is damaged.</exception>
    public static async Task<int> ReadAsync(
        Tool tool, JobOptions job, ParseResult parsed, string name, Func<OpenSnapshot, Task<int>> read, Func<bool> hasTold, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            await using OpenSnapshot snapshot = await job.FindAsync(tool, parsed, name, cancellationToken).ConfigureAwait(false);
            try
            {
                return await read(snapshot).ConfigureAwait(false);
            }
            catch (Exception gone) when (gone is SnapshotCorruptException or ObjectMissingException)
            {
                if (!await snapshot.IsDeletedAsync(cancellationToken).ConfigureAwait(false)) throw Damaged(gone, snapshot);
                await BeginAnewAsync(tool, snapshot.Reader.Manifest.Id, name, hasTold(), attempt).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Damage with the folder it is in: of some snapshots the one that has the file.</summary>
    public static Exception Damaged(Exception damage, params ReadOnlySpan<OpenSnapshot> opened)
    {
        if (damage is not SnapshotCorruptException { Key: var key }) return damage;
        OpenSnapshot damaged = opened[0];
        foreach (OpenSnapshot snapshot in opened)
            if (snapshot.Reader.Key == key || snapshot.Reader.Manifest.Packs.Any(p => p.Key == key)) damaged = snapshot;
        return new ToolException($"{damaged.Store.Address}: {damage.Message}");
    }

    /// <summary>Says that reading begins again, because the job has deleted the checkpoint.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="id">The checkpoint.</param>
    /// <param name="name">What was asked for.</param>
    /// <param name="hasTold">Whether something was printed that another snapshot would contradict.</param>
    /// <param name="attempt">How often it was tried, from 1.</param>
    /// <exception cref="ToolException">It cannot.</exception>
    public static async ValueTask BeginAnewAsync(Tool tool, long id, string name, bool hasTold, int attempt)
    {
        if (name != Latest) throw new ToolException($"checkpoint {id} was deleted by the job while it was read: {Cure}");
        if (hasTold) throw new ToolException($"checkpoint {id} was deleted by the job while it was read, and some of its rows are printed already: what follows is missing. Export instead, which begins anew; or {Cure}");
        if (attempt == AttemptsMax) throw new ToolException($"the job deleted {attempt} checkpoints one after the other while they were read: {Cure}");
        await tool.Error.WriteLineAsync($"millrace: checkpoint {id} was deleted by the job while it was read; beginning anew with the newest").ConfigureAwait(false);
    }

    /// <summary>Shows how far reading has come, on the standard error and where that is a terminal.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="doing">What is done, in words.</param>
    /// <param name="work">Does it, and tells.</param>
    /// <param name="isStreamed">Whether answers come meanwhile: then the bar is left out where they go to a terminal too.</param>
    public static async Task<T> WithProgressAsync<T>(Tool tool, string doing, Func<IProgress<State.Offline.StateProgress>?, Task<T>> work, bool isStreamed = false)
    {
        if (tool.Terminal is not { } terminal || (isStreamed && tool.AnswersOnTerminal)) return await work(null).ConfigureAwait(false);
        return await terminal.Progress().AutoClear(true).StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask(Markup.Escape(doing), maxValue: 1);
            return await work(new Bar(bar, doing)).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    sealed class Bar(ProgressTask bar, string doing) : IProgress<State.Offline.StateProgress>
    {
        public void Report(State.Offline.StateProgress value)
        {
            bar.Value = value.Share;
            bar.Description = Markup.Escape($"{doing}, {value.Rows:N0} rows");
        }
    }
}
