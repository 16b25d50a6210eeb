using System.Buffers;

namespace Millrace.Storage;

/// <summary>
/// The names of objects: parts of ASCII letters, digits, <c>. _ -</c>, separated by <c>/</c>. A part has 1 to 200 characters and does not
/// begin with a dot, so that no key leaves its store and the hidden files of a folder store are no objects; a key has at most 512.
/// </summary>
public static class ObjectKey
{
    /// <summary>The longest key, in characters. S3 allows 1,024 bytes, of which the store's own prefix takes some.</summary>
    public const int KeyCharsMax = 512;

    /// <summary>The longest part of a key, in characters. File systems allow 255.</summary>
    public const int PartCharsMax = 200;

    static readonly SearchValues<char> s_allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/");

    /// <summary>Tells what is wrong with a key; null when nothing is.</summary>
    /// <param name="key">The key.</param>
    public static string? Problem(string? key)
    {
        if (string.IsNullOrEmpty(key)) return "is empty";
        if (key.Length > KeyCharsMax) return $"has {key.Length} characters, more than {KeyCharsMax}";
        int wrong = key.AsSpan().IndexOfAnyExcept(s_allowed);
        if (wrong >= 0) return $"has '{key[wrong]}' at {wrong}; letters, digits, '.', '_', '-' and '/' are allowed";
        foreach (Range part in key.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> text = key.AsSpan(part);
            if (text.IsEmpty) return "has an empty part: it begins or ends with '/', or has two in a row";
            if (text[0] == '.') return $"has the part '{text}', which begins with a dot";
            if (text.Length > PartCharsMax) return $"has a part of {text.Length} characters, more than {PartCharsMax}";
        }

        return null;
    }

    /// <summary>Checks a key.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentException">It is no key; the message says why.</exception>
    public static void Validate(string key)
    {
        if (Problem(key) is { } problem) throw new ArgumentException($"The object key '{key}' {problem}.", nameof(key));
    }

    /// <summary>Checks what a listing asks for: empty, or the beginning of a key, which may end in the middle of a part or with <c>/</c>.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <exception cref="ArgumentException">No key begins so; the message says why.</exception>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length == 0) return;
        string shortest = prefix.EndsWith('/') ? prefix + "x" : prefix;
        if (Problem(shortest) is { } problem) throw new ArgumentException($"The prefix '{prefix}' {problem}.", nameof(prefix));
    }

    /// <summary>Checks a range that is to be read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <exception cref="ArgumentException">It is no key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    public static void ValidateRange(string key, long offset)
    {
        Validate(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
    }
}
