using System.Text;

namespace Millrace.Hosting;

/// <summary>Help, and what is wrong with a command line. Pure.</summary>
internal static class UsageText
{
    /// <summary>What <c>--help</c> prints.</summary>
    /// <param name="jobName">The job.</param>
    /// <param name="asked">The names the job asked for while it was described.</param>
    /// <param name="problem">Why the job could not be described to its end; null when it could.</param>
    public static string Help(string jobName, IReadOnlyCollection<string> asked, string? problem)
    {
        StringBuilder text = new();
        text.Append("Runs the job ").Append(jobName).Append(".\n\nOptions of the job, written --name value or --name=value:\n");
        if (asked.Count == 0) text.Append("  none\n");
        foreach (string name in asked) text.Append("  --").Append(name).Append('\n');
        if (problem is not null) text.Append("  and perhaps more: ").Append(problem).Append('\n');

        text.Append("\nVerbs, as the first word:\n");
        int wide = VerbOption.All.Max(static v => v.Form.Length);
        foreach ((_, string form, string meaning) in VerbOption.All) text.Append("  ").Append(form.PadRight(wide)).Append("  ").Append(meaning).Append('\n');
        Append(text, "\nOptions of the engine:\n", EngineOption.All);
        Append(text, "\nOptions of a job that keeps its state; all need --storage:\n", StorageOption.All);
        return text.Append(
            """

            Exit codes:
                0  the job finished or was stopped, or had finished before; or what was asked for was done
                1  the job failed, or what was asked of it could not be done
                2  the command line is wrong, or the job cannot run as described or asked; nothing was started
                3  another process runs the job
                4  another process took the job over
                5  the job was cancelled by the verb
                6  no process runs the job that was to be asked
               70  user code did not return within 10 seconds of being told to stop; the process ended without it
              130  stopped by Ctrl-C; a second Ctrl-C ends the process at once. With --storage the next start goes on
              143  stopped by SIGTERM; likewise

            """.ReplaceLineEndings("\n")).ToString();
    }

    static void Append(StringBuilder text, string title, IReadOnlyList<EngineOption> options)
    {
        text.Append(title);
        int width = options.Max(static o => o.Form.Length);
        foreach (EngineOption option in options) text.Append("  ").Append(option.Form.PadRight(width)).Append("  ").Append(option.Meaning).Append('\n');
    }

    /// <summary>A sentence for each argument that the job never asked for.</summary>
    public static IEnumerable<string> Unknown(JobArguments arguments)
    {
        string[] known = [.. arguments.Asked.Select(static n => "--" + n)];
        string knows = known.Length == 0 ? "this job has no options of its own" : $"this job knows {string.Join(", ", known)}";
        foreach (string name in arguments.Unused)
        {
            string? near = NearestWord.Of("--" + name, known.Concat(EngineOption.Names));
            yield return $"unknown option --{name}; {(near is null ? "" : $"did you mean {near}? ")}{knows} (--help shows all)";
        }
    }

    /// <summary>A sentence for each word that neither a verb knows nor the job: one that is passed over would be an option that does nothing.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="words">The words that are not the engine's, in their order.</param>
    /// <param name="asked">The names the job asks for.</param>
    public static IEnumerable<string> Foreign(HostVerb verb, IReadOnlyList<string> words, IReadOnlyCollection<string> asked)
    {
        string name = verb.ToString().ToLowerInvariant();
        IReadOnlyList<string> verbs = VerbOption.Names(verb);
        string[] known = [.. asked.Select(static n => "--" + n)];
        string knows = $"{name} {(verbs.Count == 0 ? "has no options of its own" : $"knows {string.Join(", ", verbs)}")}; "
            + $"{(known.Length == 0 ? "this job has none" : $"this job knows {string.Join(", ", known)}")} (--help shows all)";
        bool mayBeValue = false;
        foreach (string word in words)
        {
            if (mayBeValue && !word.StartsWith("--", StringComparison.Ordinal))
            {
                mayBeValue = false;
                continue;
            }

            bool isName = word.Length > 1 && word[0] == '-';
            string option = isName ? word.Split('=')[0] : word;
            mayBeValue = isName && option == word && word.StartsWith("--", StringComparison.Ordinal);
            if (known.Contains(option)) continue;
            string? near = isName ? NearestWord.Of(option, verbs.Concat(known).Concat(EngineOption.Names)) : null;
            yield return $"{(isName ? $"unknown option {option}" : $"'{word}' has no meaning after {name}")}; {(near is null ? "" : $"did you mean {near}? ")}{knows}";
        }
    }

    /// <summary>A sentence for each name the job asks for that the engine takes for itself.</summary>
    public static IEnumerable<string> Taken(JobArguments arguments) =>
        from name in arguments.Asked
        where EngineOption.IsTaken("--" + name)
        select $"the job asks for --{name}, which is an option of the engine and never reaches it; give the job's option another name";
}
