using System.Globalization;

namespace Millrace;

/// <summary>The named arguments of a job: <c>--input flights.csv --rate 100</c>, also <c>--rate=100</c>. Names are case-sensitive.</summary>
public sealed class JobArguments
{
    readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    readonly SortedSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Arguments from a command line.</summary>
    /// <param name="arguments">Pairs of a name that begins with two dashes and a value; a name without a value is a flag and means <c>true</c>.</param>
    /// <exception cref="JobArgumentException">A word is neither a name nor a name's value, or a name comes twice.</exception>
    public JobArguments(params IEnumerable<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        string[] words = [.. arguments];
        for (int i = 0; i < words.Length; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal) || words[i].Length == 2)
                throw new JobArgumentException($"'{words[i]}' is not the name of an argument; write --name value");
            string name = words[i][2..];
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            string value = equals >= 0 ? name[(equals + 1)..]
                : i + 1 < words.Length && !words[i + 1].StartsWith("--", StringComparison.Ordinal) ? words[++i]
                : "true";
            if (equals >= 0) name = name[..equals];
            if (!_values.TryAdd(name, value)) throw new JobArgumentException($"--{name} is given twice; give it once");
        }
    }

    /// <summary>A value that must be given.</summary>
    /// <exception cref="JobArgumentException">It is not given.</exception>
    public string this[string name] => Find(name) ?? throw new JobArgumentException($"--{name} is missing; give it a value");

    /// <summary>A value, or <paramref name="absent"/> when it is not given.</summary>
    public string Get(string name, string absent) => Find(name) ?? absent;

    /// <summary>A value of another type, in the invariant culture, or <paramref name="absent"/> when it is not given.</summary>
    /// <exception cref="JobArgumentException">It cannot be read as the type.</exception>
    public T Get<T>(string name, T absent) where T : IParsable<T> =>
        Find(name) is not { } text ? absent
        : T.TryParse(text, CultureInfo.InvariantCulture, out T? value) ? value
        : throw new JobArgumentException($"--{name} is '{text}', which is not a valid {typeof(T).Name}");

    /// <summary>Whether a value is given.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>The names asked for so far.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    /// <summary>The names given that nobody asked for.</summary>
    public IReadOnlyCollection<string> Unused => [.. _values.Keys.Where(n => !_asked.Contains(n)).Order(StringComparer.Ordinal)];

    string? Find(string name)
    {
        _asked.Add(name);
        return _values.GetValueOrDefault(name);
    }
}

/// <summary>An argument of a job is missing or cannot be read.</summary>
/// <param name="message">Names the argument and the cure.</param>
public sealed class JobArgumentException(string message) : Exception(message);
