using System.Globalization;

namespace Millrace.Hosting;

/// <summary>The words of a command line as they are read, and what is found wrong with them. Used once.</summary>
internal sealed class OptionWords(string[] words)
{
    int _at;

    /// <summary>All that is wrong, each with its cure.</summary>
    public List<string> Problems { get; } = [];

    public bool IsAtEnd => _at >= words.Length;

    public string Next() => words[_at++];

    /// <summary>The value of an option: the one given with it, or the next word unless that is a name.</summary>
    /// <returns>Null when there is none, which is then a problem.</returns>
    public string? Value(string name, string? value, string example)
    {
        if (value is null && !IsAtEnd && !words[_at].StartsWith("--", StringComparison.Ordinal)) value = Next();
        if (!string.IsNullOrEmpty(value)) return value;
        Problems.Add($"{name} has no value; give {example}");
        return null;
    }

    /// <summary>The next word, if it is one of some.</summary>
    public string? Optional(params ReadOnlySpan<string> choices) => !IsAtEnd && choices.Contains(words[_at]) ? Next() : null;

    /// <summary>A whole number; <paramref name="absent"/> when there is something wrong with it.</summary>
    public int Number(string name, string? value, int smallest, int greatest, int absent)
    {
        if (Value(name, value, $"a whole number, as in {name} 4") is not { } text) return absent;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            Problems.Add($"{name} is '{text}'; give a whole number, as in {name} 4");
        else if (number < smallest) Problems.Add($"{name} is {number}; give {smallest} or more");
        else if (number > greatest) Problems.Add($"{name} is {number}; give {greatest} or less");
        else return number;
        return absent;
    }

    /// <summary>A number; null when there is something wrong with it.</summary>
    public double? Factor(string name, string? value, double smallest, double greatest)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"give a number from {smallest} to {greatest}");
        if (Value(name, value, "a number") is not { } text) return null;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number >= smallest && number <= greatest) return number;
        Problems.Add($"{name} is '{text}'; {range}");
        return null;
    }

    /// <summary>A span of time; null when there is something wrong with it.</summary>
    public TimeSpan? Time(string name, string? value, TimeSpan least, TimeSpan most)
    {
        if (Value(name, value, $"a time with its unit, as in {name} 10s") is not { } text) return null;
        if (DurationText.Parse(text) is not { } time) Problems.Add($"{name} is '{text}'; give a time with its unit: 200ms, 10s, 1m, 2h");
        else if (time < least || time > most) Problems.Add($"{name} is {text}; give {DurationText.Of(least)} to {DurationText.Of(most)}");
        else return time;
        return null;
    }

    /// <summary>One of some words; null when it is none of them, which is then a problem.</summary>
    public string? Choice(string name, string? value, params ReadOnlySpan<string> choices)
    {
        string known = string.Join(", ", choices[..^1]!) + " or " + choices[^1];
        if (Value(name, value, known) is not { } text) return null;
        if (choices.Contains(text)) return text;
        Problems.Add($"{name} is '{text}'; give {known}");
        return null;
    }
}
