using System.CommandLine;
using System.Text.Json;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>The commands that read snapshots.</summary>
internal static class SnapshotCommands
{
    static readonly JsonSerializerOptions s_json = new(JsonSerializerOptions.Web) { WriteIndented = true };

    /// <summary>What the ledger keeps, without listing anything.</summary>
    public static Command List(Tool tool)
    {
        JobOptions job = new();
        Option<bool> json = Json();
        Command command = new("ls", "Shows the checkpoints and savepoints of a job, as its ledger knows them: nothing is listed in the store.") { job.Storage, job.Job, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using JobPlace place = await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<SnapshotLine> lines = SnapshotLine.Of((await place.ReadAsync(cancellationToken).ConfigureAwait(false)).State, place.Storage.Combine(place.Job));
            if (parsed.GetValue(json))
            {
                await tool.Output.WriteLineAsync(JsonSerializer.Serialize(lines, s_json)).ConfigureAwait(false);
                return ExitCodes.Finished;
            }

            Table table = Tool.Table("id", "kept as", "taken at", "written", "event time", "where", "note");
            foreach (SnapshotLine line in lines) Tool.Add(table, $"{line.Id}", line.Kept, $"{line.TakenAt:u}", line.Bytes is { } bytes ? $"{bytes:N0}" : "", line.EventTime ?? "", line.Address, line.Note);
            tool.Print(table);
            return ExitCodes.Finished;
        });
        return command;
    }

    /// <summary>What a snapshot is.</summary>
    public static Command Show(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = Name("snapshot");
        Option<bool> json = Json();
        Command command = new("show", "Shows what is in a snapshot: operators, states, rows, types, key ranges, and what each file is for.") { name, job.Storage, job.Job, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using OpenSnapshot snapshot = await job.FindAsync(tool, parsed, parsed.GetValue(name)!, cancellationToken).ConfigureAwait(false);
            // The manifest is JSON that explains itself: it is the answer.
            if (parsed.GetValue(json)) await tool.Output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(snapshot.Reader.ManifestBytes.Span)).ConfigureAwait(false);
            else ManifestView.Print(tool, snapshot.Reader.Manifest);
            return ExitCodes.Finished;
        });
        return command;
    }

    /// <summary>Reads all of a snapshot.</summary>
    public static Command Verify(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = Name("snapshot");
        Option<bool> strangers = new("--strangers") { Description = "List the folder of a savepoint for files that do not belong to it." };
        Command command = new("verify", "Reads every byte of a snapshot and says everything that is wrong with it.") { name, job.Storage, job.Job, strangers };
        command.SetAction((parsed, cancellationToken) => SnapshotLook.ReadAsync(tool, job, parsed, parsed.GetValue(name)!, async snapshot =>
        {
            IReadOnlyList<SnapshotProblem> problems = await WithProgressAsync(tool, "verifying", progress =>
                SnapshotVerifier.VerifyAsync(snapshot.Reader, progress, parsed.GetValue(strangers) ? snapshot.Store : null, cancellationToken).AsTask()).ConfigureAwait(false);
            // A file that its job has deleted meanwhile is no damage.
            if (problems.Count > 0 && await snapshot.IsDeletedAsync(cancellationToken).ConfigureAwait(false)) throw new SnapshotCorruptException(problems[0].Key, problems[0].What);
            foreach (SnapshotProblem problem in problems) await tool.Error.WriteLineAsync($"{problem.Key}: {problem.What}").ConfigureAwait(false);
            SnapshotManifest manifest = snapshot.Reader.Manifest;
            await tool.Output.WriteLineAsync(problems.Count == 0
                ? $"snapshot {manifest.Id} of {manifest.Job} is whole: {manifest.Packs.Count} files besides {SnapshotKeys.ManifestName}, {manifest.Packs.Sum(static p => p.Length):N0} bytes"
                : $"snapshot {manifest.Id} of {manifest.Job} in {snapshot.Store.Address} has {problems.Count} problem{(problems.Count == 1 ? "" : "s")}").ConfigureAwait(false);
            return problems.Count == 0 ? ExitCodes.Finished : ExitCodes.Failed;
        }, static () => false, cancellationToken));
        return command;
    }

    /// <summary>Compares two snapshots.</summary>
    public static Command Diff(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> before = Name("before"), after = Name("after");
        Command command = new("diff", "Compares two snapshots by what their manifests say.") { before, after, job.Storage, job.Job };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using OpenSnapshot first = await job.FindAsync(tool, parsed, parsed.GetValue(before)!, cancellationToken).ConfigureAwait(false);
            await using OpenSnapshot second = await job.FindAsync(tool, parsed, parsed.GetValue(after)!, cancellationToken).ConfigureAwait(false);
            SnapshotDiff diff = SnapshotDiff.Between(first.Reader.Manifest, second.Reader.Manifest);
            Table table = Tool.Table("operator", "state", "rows before", "rows after", "bytes before", "bytes after", "note");
            foreach (StateDifference state in diff.States)
            {
                string note = state.HasOtherSchema ? "another type" : state.Before is null ? "new" : state.After is null ? "gone" : state.IsSame ? "same" : "";
                Tool.Add(table, state.OperatorId, state.StateName, $"{state.Before?.Rows:N0}", $"{state.After?.Rows:N0}", $"{state.Before?.Bytes:N0}", $"{state.After?.Bytes:N0}", note);
            }

            tool.Print(table);
            await tool.Output.WriteLineAsync($"{diff.SharedPacks} files are in both; the second has {diff.AddedBytes:N0} bytes in files of its own").ConfigureAwait(false);
            return ExitCodes.Finished;
        });
        return command;
    }

    /// <summary>Copies a snapshot into a folder of its own.</summary>
    public static Command Copy(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = Name("snapshot");
        Option<string> to = new("--to") { Description = "The address under which the copy gets a folder of its own.", Required = true };
        Command command = new("copy", "Copies a snapshot with all it needs into a folder of its own: a savepoint. Verified on the way.") { name, to, job.Storage, job.Job };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            StoreAddress root = StoreAddress.Parse(parsed.GetValue(to)!);
            await using IListableStore target = await tool.OpenAsync(root.ToString(), cancellationToken).ConfigureAwait(false);
            return await SnapshotLook.ReadAsync(tool, job, parsed, parsed.GetValue(name)!, async snapshot =>
            {
                SnapshotManifest manifest = snapshot.Reader.Manifest;
                string folder = SnapshotKeys.SavepointFolder(manifest.Job, manifest.Id, manifest.Attempt);
                await CopyAsync(tool, snapshot, target, folder, cancellationToken).ConfigureAwait(false);
                await tool.Output.WriteLineAsync($"snapshot {manifest.Id} of {manifest.Job} is copied to {root.Combine(folder)}").ConfigureAwait(false);
                return ExitCodes.Finished;
            }, static () => false, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    static async Task CopyAsync(Tool tool, OpenSnapshot snapshot, IListableStore target, string folder, CancellationToken cancellationToken)
    {
        try
        {
            await WithProgressAsync(tool, "copying", progress => SnapshotCopier.CopyAsync(snapshot.Reader, target, folder, progress, cancellationToken).AsTask()).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is SnapshotCorruptException or ObjectMissingException)
        {
            // The copy of a checkpoint that its job has deleted is never completed: nothing of it is left.
            bool isComplete = await target.TryGetLengthAsync($"{folder}/{SnapshotKeys.ManifestName}", cancellationToken).ConfigureAwait(false) is not null;
            if (!isComplete && await snapshot.IsDeletedAsync(cancellationToken).ConfigureAwait(false))
                foreach (PackEntry pack in snapshot.Reader.Manifest.Packs) await target.DeleteAsync($"{folder}/{pack.Key}", cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    internal static Argument<string> Name(string name) => new(name) { Description = "An id, latest, latest-savepoint, or the address of the snapshot's folder." };

    internal static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    /// <summary>Shows how far long work has come.</summary>
    static Task<T> WithProgressAsync<T>(Tool tool, string doing, Func<IProgress<SnapshotProgress>, Task<T>> work) =>
        Bars.ShowAsync(tool, doing, report => work(new Bar(report, doing)));

    sealed class Bar(Action<double, string> report, string doing) : IProgress<SnapshotProgress>
    {
        public void Report(SnapshotProgress value) => report(value.DoneBytes / (double)Math.Max(1, value.TotalBytes), doing);
    }
}
