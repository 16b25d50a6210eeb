namespace Millrace.Storage;

/// <summary>
/// Where a store is: a scheme, a place, a path below it and options. Parsed from a folder (<c>./state</c>, <c>/var/millrace</c>,
/// <c>file:///var/millrace</c>) or a bucket (<c>s3://bucket/prefix?endpoint=http://127.0.0.1:7480&amp;path-style=true</c>). Immutable.
/// It never holds credentials, so it can be printed.
/// </summary>
public sealed class StoreAddress : IEquatable<StoreAddress>
{
    /// <summary>The scheme of a local folder.</summary>
    public const string FileScheme = "file";

    internal StoreAddress(string scheme, string place, string path, IReadOnlyList<KeyValuePair<string, string>> options)
    {
        Scheme = scheme;
        Place = place;
        Path = path;
        Options = options;
    }

    /// <summary>The scheme in lower case: <c>file</c>, <c>s3</c>.</summary>
    public string Scheme { get; }

    /// <summary>The bucket; empty for a folder.</summary>
    public string Place { get; }

    /// <summary>For a folder its absolute path. For a bucket the prefix of all keys: empty, or a key without a slash at either end.</summary>
    public string Path { get; }

    /// <summary>The options in the order they were given; names in lower case, no name twice.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Options { get; }

    /// <summary>Reads an address. A relative folder is meant from the current folder of the process.</summary>
    /// <param name="text">The address.</param>
    /// <exception cref="FormatException">It is none; the message says why and shows what one looks like, never a password.</exception>
    public static StoreAddress Parse(string text) => StoreAddressParser.Parse(text, Directory.GetCurrentDirectory());

    /// <summary>Reads an address.</summary>
    /// <param name="text">The address.</param>
    /// <param name="currentFolder">Where a relative folder is meant from: an absolute path.</param>
    /// <exception cref="FormatException">It is none; the message says why and shows what one looks like, never a password.</exception>
    public static StoreAddress Parse(string text, string currentFolder) => StoreAddressParser.Parse(text, currentFolder);

    /// <summary>The address of what is below a key, with the same options.</summary>
    /// <param name="key">A key; one slash at its end is allowed.</param>
    /// <exception cref="ArgumentException">It is no key.</exception>
    public StoreAddress Combine(string key)
    {
        string part = key.EndsWith('/') ? key[..^1] : key;
        ObjectKey.Validate(part);
        if (Scheme == FileScheme) return new(Scheme, Place, System.IO.Path.Combine(Path, part), Options);
        return new(Scheme, Place, Path.Length == 0 ? part : $"{Path}/{part}", Options);
    }

    /// <summary>The value of an option; null when it was not given.</summary>
    /// <param name="name">The name, in lower case.</param>
    public string? Option(string name)
    {
        foreach ((string key, string value) in Options)
            if (key == name) return value;
        return null;
    }

    /// <summary>Refuses options that are not among the known ones.</summary>
    /// <param name="known">The names an opener knows.</param>
    /// <exception cref="FormatException">There is another; the message names it, without its value, and the known ones.</exception>
    public void AllowOptions(params ReadOnlySpan<string> known)
    {
        foreach ((string name, _) in Options)
        {
            if (known.Contains(name)) continue;
            string choices = known.IsEmpty ? $"{Scheme} addresses have none" : $"known are {string.Join(", ", known.ToArray())}";
            throw new FormatException($"The storage address {Root} has the unknown option '{name}'; {choices}.");
        }
    }

    /// <summary>The address without its options: <c>file:///var/millrace</c>, <c>s3://bucket/prefix</c>.</summary>
    public string Root => Scheme == FileScheme ? new Uri(Path).AbsoluteUri : $"{Scheme}://{Place}{(Path.Length == 0 ? "" : "/")}{Path}";

    /// <summary>The whole address; parsing it gives an equal one.</summary>
    public override string ToString() => Options.Count == 0
        ? Root
        : $"{Root}?{string.Join('&', Options.Select(static o => $"{o.Key}={Uri.EscapeDataString(o.Value).Replace("%3A", ":", StringComparison.Ordinal).Replace("%2F", "/", StringComparison.Ordinal)}"))}";

    /// <inheritdoc/>
    public bool Equals(StoreAddress? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StoreAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());
}
