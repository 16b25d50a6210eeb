namespace Millrace.Storage;

/// <summary>Reads <see cref="StoreAddress"/>. Messages show of an address only what cannot be a secret.</summary>
static class StoreAddressParser
{
    const string Shapes = "a folder (./state, /var/millrace, file:///var/millrace) or a bucket (s3://bucket/prefix?endpoint=http://host:port&region=name&path-style=true)";

    public static StoreAddress Parse(string text, string currentFolder)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (string.IsNullOrWhiteSpace(text)) throw new FormatException($"The storage address is empty; give {Shapes}.");
        int colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon < 0) return Folder(text, currentFolder);

        string scheme = text[..colon].ToLowerInvariant();
        if (!IsScheme(scheme)) throw new FormatException($"The storage address begins with '{text[..colon]}://', which is no scheme; give {Shapes}.");
        return scheme == StoreAddress.FileScheme ? FileUri(text) : Bucket(scheme, text[(colon + 3)..]);
    }

    static StoreAddress Folder(string text, string currentFolder)
    {
        if (text.Contains('\0')) throw new FormatException($"The storage address has a zero character; give {Shapes}.");
        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("s3:", StringComparison.OrdinalIgnoreCase))
            throw new FormatException($"The storage address begins with '{text[..text.IndexOf(':')]}:' without '//'; give {Shapes}.");
        return File(Path.GetFullPath(text, currentFolder));
    }

    static StoreAddress FileUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)) throw new FormatException($"The file address cannot be read; give {Shapes}.");
        if (uri.Host.Length > 0)
            throw new FormatException($"The file address names the host '{uri.Host}'; a folder of this machine has three slashes: file:///{uri.Host}{uri.AbsolutePath}.");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) throw new FormatException("The file address has '?' or '#'; folders have no options (write %3F or %23 for the character itself).");
        return File(Path.GetFullPath(uri.LocalPath));
    }

    static StoreAddress File(string folder) => new(StoreAddress.FileScheme, "", Path.TrimEndingDirectorySeparator(folder), []);

    static StoreAddress Bucket(string scheme, string rest)
    {
        if (rest.Contains('#')) throw new FormatException($"The {scheme} address has '#', which keys cannot have; give {Shapes}.");
        int question = rest.IndexOf('?');
        string location = question < 0 ? rest : rest[..question];
        // Whatever stands before an @ is meant as credentials, so none of it is shown.
        if (location.Contains('@'))
            throw new FormatException($"The {scheme} address has credentials before '@'; addresses are printed and logged, so give them by environment or profile instead.");

        int slash = location.IndexOf('/');
        string place = slash < 0 ? location : location[..slash];
        string path = slash < 0 ? "" : location[(slash + 1)..];
        if (path.EndsWith('/')) path = path[..^1];
        if (place.Length == 0) throw new FormatException($"The {scheme} address names no bucket; give {Shapes}.");
        if (!place.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            throw new FormatException($"The bucket '{place}' of the {scheme} address has characters other than letters, digits, '.', '-' and '_'.");
        if (path.Length > 0 && ObjectKey.Problem(path) is { } problem) throw new FormatException($"The prefix '{path}' of the {scheme} address {problem}.");
        return new(scheme, place, path, question < 0 ? [] : Options(scheme, rest[(question + 1)..]));
    }

    static List<KeyValuePair<string, string>> Options(string scheme, string query)
    {
        List<KeyValuePair<string, string>> options = [];
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=');
            string name = (equals < 0 ? pair : pair[..equals]).ToLowerInvariant();
            if (equals < 0) throw new FormatException($"The option '{name}' of the {scheme} address has no value; write {name}=….");
            if (options.Exists(o => o.Key == name)) throw new FormatException($"The {scheme} address gives the option '{name}' twice.");
            string value = Uri.UnescapeDataString(pair[(equals + 1)..]);
            RefuseSecrets(scheme, name, value);
            options.Add(new(name, value));
        }

        return options;
    }

    static void RefuseSecrets(string scheme, string name, string value)
    {
        bool isSecret = name.Contains("secret", StringComparison.Ordinal) || name.Contains("password", StringComparison.Ordinal)
            || name.Contains("token", StringComparison.Ordinal) || name.Contains("access", StringComparison.Ordinal);
        bool hasUser = Uri.TryCreate(value, UriKind.Absolute, out Uri? uri) && uri.UserInfo.Length > 0;
        if (!isSecret && !hasUser) return;
        throw new FormatException($"The option '{name}' of the {scheme} address carries credentials; addresses are printed and logged, so give them by environment or profile instead.");
    }

    static bool IsScheme(string text) => text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
}
