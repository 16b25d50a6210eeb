namespace Millrace.Hosting;

/// <summary>
/// Tells the options of the engine from the arguments of the job, which share one command line. Written by hand: which arguments the job
/// knows shows only when it is described, and a parser that is told all options in advance has no place for that. Used once.
/// </summary>
internal sealed class HostCommandParser
{
    readonly OptionWords _words;
    readonly StorageOptionReader _storage;
    readonly List<string> _jobWords = [];
    readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    HostCommand _command = new();

    HostCommandParser(string[] words)
    {
        _words = new(words);
        _storage = new(_words);
    }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">An option of the engine is wrong; names all that are.</exception>
    public static HostCommand Parse(string[] words)
    {
        (HostVerb? verb, int count) = VerbOption.Parse(words);
        HostCommandParser parser = new(words[count..]) { _command = new() { Verb = verb ?? HostVerb.Run } };
        while (!parser._words.IsAtEnd) parser.Take();
        HostCommand command = parser._command with { Storage = parser._storage.Read(parser._command.Verb), JobWords = parser._jobWords };
        if (parser._words.Problems.Count > 0 && !command.IsHelp) throw new UsageException(parser._words.Problems);
        return command;
    }

    void Take()
    {
        string word = _words.Next();
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 || !word.StartsWith("--", StringComparison.Ordinal) ? word : word[..equals];
        string? value = name.Length == word.Length ? null : word[(equals + 1)..];
        if (word is "-h" or "-?" && !IsValueOfJob()) name = EngineOption.Help;
        bool isVerbs = VerbOption.Has(_command.Verb, name);
        if (!isVerbs && !EngineOption.IsTaken(name))
        {
            _jobWords.Add(word);
            return;
        }

        if (!_seen.Add(name) && !StorageOption.IsRepeatable(name)) _words.Problems.Add($"{name} is given twice; give it once");
        if (isVerbs) ApplyToVerb(name, value);
        else if (!_storage.TryTake(name, value)) Apply(name, value);
    }

    void Apply(string name, string? value)
    {
        switch (name)
        {
            case EngineOption.Parallelism:
                // One that no job can have is left to the planner, which knows the job.
                _command = _command with { Parallelism = _words.Number(name, value, int.MinValue, int.MaxValue, 1) };
                return;
            case EngineOption.Threads:
                _command = _command with { Threads = _words.Number(name, value, 1, int.MaxValue, 1) };
                return;
            case EngineOption.Explain:
                _command = _command with { Explain = Format(value ?? _words.Optional("text", "json")) };
                return;
        }

        RefuseValue(name, value);
        _command = name switch
        {
            EngineOption.NoChaining => _command with { IsChaining = false },
            EngineOption.Quiet => _command with { IsQuiet = true },
            EngineOption.NoProgress => _command with { HasProgress = false },
            _ => _command with { IsHelp = true },
        };
    }

    void ApplyToVerb(string name, string? value)
    {
        if (name == VerbOption.To)
        {
            _command = _command with { Target = StorageOptionReader.Address(_words, name, value)?.ToString() };
            return;
        }

        if (name == VerbOption.Lock)
        {
            _command = _command with { Lock = _words.Value(name, value, "a file, as in --lock state.json") };
            return;
        }

        RefuseValue(name, value);
        _command = name == VerbOption.Drain ? _command with { IsDrain = true } : _command with { IsCancelWithSavepoint = true };
    }

    void RefuseValue(string name, string? value)
    {
        if (value is not null) _words.Problems.Add($"{name} takes no value; leave out '={value}'");
    }

    PlanFormat Format(string? value)
    {
        switch (value)
        {
            case null or "text":
                return PlanFormat.Text;
            case "json":
                return PlanFormat.Json;
            default:
                _words.Problems.Add($"{EngineOption.Explain} is '{value}'; give text or json");
                return PlanFormat.Text;
        }
    }

    bool IsValueOfJob() => _jobWords.Count > 0 && _jobWords[^1].StartsWith("--", StringComparison.Ordinal) && !_jobWords[^1].Contains('=');
}
