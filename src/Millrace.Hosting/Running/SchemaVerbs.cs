using System.Globalization;
using System.Text;
using Millrace.Runtime.Planning;

namespace Millrace.Hosting;

/// <summary>Writes the lock of a job's schema, or compares the job with it. Reads and writes that file alone.</summary>
/// <param name="job">The job.</param>
/// <param name="process">Where texts go.</param>
/// <param name="program">The states of the job, and what its sinks prepare.</param>
internal sealed class SchemaVerbs(string job, HostProcess process, IReadOnlyList<ProgramOperator> program)
{
    readonly SchemaLock _now = SchemaLock.Of(job, program);

    /// <summary>The file of a job that is not told another.</summary>
    public static string FileOf(string job) => $"{job}.schema.json";

    /// <summary>Writes the file.</summary>
    public async Task<int> WriteAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(file, _now.Text, new UTF8Encoding(false), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            await process.Error.WriteLineAsync($"{job}: {file} cannot be written: {failure.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }

        await process.Output.WriteLineAsync($"{job}: {file} has {Contents}; commit it").ConfigureAwait(false);
        return ExitCodes.Finished;
    }

    string Contents
    {
        get
        {
            int states = _now.Operators.Sum(static o => o.States.Count), operators = _now.Operators.Count(static o => o.States.Count > 0), sinks = _now.Operators.Count(static o => o.Prepared is not null);
            return $"the {states} states of {operators} operators{(sinks == 0 ? "" : $" and the prepared transactions of {sinks} sink{(sinks == 1 ? "" : "s")}")}";
        }
    }

    /// <summary>Compares the program with the file.</summary>
    public async Task<int> CheckAsync(string file, CancellationToken cancellationToken)
    {
        SchemaLock written;
        try
        {
            written = SchemaLock.Read(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            string cure = failure is FormatException ? "restore it from version control, or write it anew with `schema write`" : "write it with `schema write` and commit it";
            await process.Error.WriteLineAsync($"{job}: {file} cannot be read: {failure.Message.TrimEnd('.')}; {cure}").ConfigureAwait(false);
            return ExitCodes.Refused;
        }

        if (written.Job != job)
        {
            await process.Error.WriteLineAsync($"{job}: {file} is the lock of the job {written.Job}; name the one of this job with {VerbOption.Lock}").ConfigureAwait(false);
            return ExitCodes.Refused;
        }

        SchemaLockCheck check = SchemaLockCheck.Of(written, _now, program);
        await process.Output.WriteAsync(Text(file, check)).ConfigureAwait(false);
        return check.Verdict switch
        {
            SchemaLockVerdict.Same => ExitCodes.Finished,
            SchemaLockVerdict.Outdated => ExitCodes.Failed,
            _ => ExitCodes.Refused,
        };
    }

    string Text(string file, SchemaLockCheck check)
    {
        StringBuilder text = new();
        text.Append(job).Append(": ").Append(check.Verdict switch
        {
            SchemaLockVerdict.Same => $"its state is as {file} says",
            SchemaLockVerdict.Outdated => $"state as {file} says would be restored, and what is declared has changed",
            _ => $"state as {file} says would not be restored",
        }).Append('\n');
        int width = check.Lines.Count == 0 ? 0 : check.Lines.Max(static l => l.Operator.Length + l.State.Length + 1);
        foreach (UpgradeLine line in check.Lines)
            text.Append(CultureInfo.InvariantCulture, $"  {line.Fate.ToString().ToLowerInvariant(),-12}  ").Append($"{line.Operator}/{line.State}".PadRight(width)).Append("  ").Append(line.Why).Append('\n');
        if (check.Verdict == SchemaLockVerdict.Outdated) text.Append("Write it anew with `schema write` and commit it, so that the next change is compared with this one.\n");
        return text.ToString();
    }
}
