using System.CommandLine;
using Millrace.State.Offline;

namespace Millrace.Cli;

/// <summary>Writes all of a state to a file: the whole file or none.</summary>
internal static class StateExport
{
    const int WriteBytes = 1 << 16;

    public static Command Make(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = SnapshotCommands.Name("snapshot");
        StateOptions state = new();
        Option<string> to = new("--to") { Description = "The file. It appears when it is complete.", Required = true };
        Option<RowFormat?> format = new("--format") { Description = "json (an object per line) or csv; by the end of the file's name, .csv or another, unless said." };
        Option<bool> replace = new("--replace") { Description = "Replace a file that is there." };
        Command command = new("export", "Writes a state to a file, as lines of JSON or as CSV.") { name, state.Operator, state.State, state.Key, state.Where, state.Expired, state.Times, to, format, replace, job.Storage, job.Job };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string file = Path.GetFullPath(parsed.GetValue(to)!);
            RowFormat form = parsed.GetValue(format) ?? (file.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? RowFormat.Csv : RowFormat.Json);
            if (form == RowFormat.Table) throw new ToolException("a table is for people: export as json or csv", ExitCodes.Refused);
            if (Directory.Exists(file)) throw new ToolException($"{file} is a folder: name a file in it", ExitCodes.Refused);
            if (File.Exists(file) && !parsed.GetValue(replace)) throw new ToolException($"{file} is there already: add --replace, or name another", ExitCodes.Refused);
            // Beside the file, so that the last step is a rename and nothing else.
            string part = $"{file}.{tool.Surroundings.Nonces.NextName()[..8]}.part";
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                return await SnapshotLook.ReadAsync(tool, job, parsed, parsed.GetValue(name)!, async snapshot =>
                {
                    await using StateSnapshot states = new(snapshot.Reader);
                    (string id, string stateName) = state.Find(parsed, states.Manifest);
                    (StateQuery query, StateColumns columns) = state.QueryOf(parsed, states, id, stateName);
                    long rows = await SnapshotLook.WithProgressAsync(tool, $"exporting {id}/{stateName}", progress =>
                        WriteAsync(part, states.ReadAsync(id, stateName, query with { Progress = progress }, cancellationToken), new(form, columns), cancellationToken)).ConfigureAwait(false);
                    File.Move(part, file, overwrite: parsed.GetValue(replace));
                    await tool.Output.WriteLineAsync($"{rows:N0} rows of {id}/{stateName} in {SnapshotText.Of(states.Manifest)}, are in {file}").ConfigureAwait(false);
                    if (state.LeftOut(query) is { } expired) await tool.Output.WriteLineAsync(expired).ConfigureAwait(false);
                    return ExitCodes.Finished;
                }, static () => false, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new ToolException($"{file} cannot be written: {failure.Message}");
            }
            finally
            {
                // Where there is no folder for it, deleting it is an error.
                if (File.Exists(part)) File.Delete(part);
            }
        });
        return command;
    }

    static async Task<long> WriteAsync(string part, IAsyncEnumerable<StateValue.Row> rows, RowWriter writer, CancellationToken cancellationToken)
    {
        using (writer)
        {
            FileStream stream = new(part, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
            await using (stream.ConfigureAwait(false))
            {
                long count = 0;
                await foreach (StateValue.Row row in rows.ConfigureAwait(false))
                {
                    count++;
                    writer.Write(row);
                    if (writer.Written.Length < WriteBytes) continue;
                    await stream.WriteAsync(writer.Written, cancellationToken).ConfigureAwait(false);
                    writer.Clear();
                }

                await stream.WriteAsync(writer.Written, cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
                return count;
            }
        }
    }
}
