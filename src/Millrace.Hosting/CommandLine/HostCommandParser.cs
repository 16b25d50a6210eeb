using System.Globalization;

namespace Millrace.Hosting;

/// <summary>
/// Tells the options of the engine from the arguments of the job, which share one command line. Written by hand: which arguments the job
/// knows shows only when it is described, and a parser that is told all options in advance has no place for that. Used once.
/// </summary>
internal sealed class HostCommandParser
{
    readonly string[] _words;
    readonly List<string> _jobWords = [];
    readonly List<string> _problems = [];
    readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    HostCommand _command = new();
    int _at;

    HostCommandParser(string[] words) => _words = words;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">An option of the engine is wrong; names all that are.</exception>
    public static HostCommand Parse(string[] words)
    {
        HostCommandParser parser = new(words);
        while (parser._at < words.Length) parser.Take();
        if (parser._problems.Count > 0 && !parser._command.IsHelp) throw new UsageException(parser._problems);
        return parser._command with { JobWords = parser._jobWords };
    }

    void Take()
    {
        string word = _words[_at++];
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 || !word.StartsWith("--", StringComparison.Ordinal) ? word : word[..equals];
        string? value = name.Length == word.Length ? null : word[(equals + 1)..];
        if (word is "-h" or "-?" && !IsValueOfJob()) name = EngineOption.Help;
        if (!EngineOption.All.Any(o => o.Name == name))
        {
            _jobWords.Add(word);
            return;
        }

        if (!_seen.Add(name)) _problems.Add($"{name} is given twice; give it once");
        Apply(name, value);
    }

    void Apply(string name, string? value)
    {
        switch (name)
        {
            case EngineOption.Parallelism:
                _command = _command with { Parallelism = Number(name, value, int.MinValue) };
                return;
            case EngineOption.Threads:
                _command = _command with { Threads = Number(name, value, 1) };
                return;
            case EngineOption.Explain:
                _command = _command with { Explain = Format(value) };
                return;
        }

        if (value is not null) _problems.Add($"{name} takes no value; leave out '={value}'");
        _command = name switch
        {
            EngineOption.NoChaining => _command with { IsChaining = false },
            EngineOption.Quiet => _command with { IsQuiet = true },
            EngineOption.NoProgress => _command with { HasProgress = false },
            _ => _command with { IsHelp = true },
        };
    }

    /// <summary>A whole number; one that no job can have is left to the planner, which knows the job, where the range is open.</summary>
    int Number(string name, string? value, int smallest)
    {
        if (value is null && _at < _words.Length && !_words[_at].StartsWith("--", StringComparison.Ordinal)) value = _words[_at++];
        if (value is null) _problems.Add($"{name} has no value; give a whole number, as in {name} 4");
        else if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            _problems.Add($"{name} is '{value}'; give a whole number, as in {name} 4");
        else if (number < smallest) _problems.Add($"{name} is {number}; give {smallest} or more");
        else return number;
        return 1;
    }

    PlanFormat Format(string? value)
    {
        if (value is null && _at < _words.Length && _words[_at] is "text" or "json") value = _words[_at++];
        switch (value)
        {
            case null or "text":
                return PlanFormat.Text;
            case "json":
                return PlanFormat.Json;
            default:
                _problems.Add($"{EngineOption.Explain} is '{value}'; give text or json");
                return PlanFormat.Text;
        }
    }

    bool IsValueOfJob() => _jobWords.Count > 0 && _jobWords[^1].StartsWith("--", StringComparison.Ordinal) && !_jobWords[^1].Contains('=');
}
