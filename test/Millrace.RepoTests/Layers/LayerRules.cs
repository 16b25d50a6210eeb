using System.Text.RegularExpressions;

namespace Millrace.RepoTests.Layers;

/// <summary>The rules of eng/layers.txt.</summary>
internal sealed class LayerRules
{
    readonly List<(string Project, string[] References)> _projects = [];
    readonly List<FolderRule> _folders = [];

    public IReadOnlyList<string> SeeInternals { get; private set; } = [];

    public IReadOnlyList<string> MayUseFiles { get; private set; } = [];

    public IReadOnlyList<string> MayUseConsole { get; private set; } = [];

    public IReadOnlyList<string> MayUsePool { get; private set; } = [];

    public static LayerRules Parse(string text)
    {
        var rules = new LayerRules();
        string section = "";
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.Split('#')[0].Trim();
            if (line.StartsWith('[')) section = line;
            else if (line.Length > 0) rules.Add(section, line);
        }
        return rules;
    }

    /// <summary>What a project may reference, or null where the file does not know the project.</summary>
    public string[]? ReferencesOf(string project) =>
        _projects.Where(rule => Fits(rule.Project, project)).Select(rule => rule.References).FirstOrDefault();

    /// <summary>The rule of a folder given relative to src, or null where none fits.</summary>
    public FolderRule? RuleOf(string folder)
    {
        string project = folder.Split('/')[0];
        FolderRule? rule = _folders.FirstOrDefault(rule => rule.Covers(folder));
        return rule is null ? null : rule with { Namespaces = [.. rule.Namespaces.Select(name => name == "{project}" ? project : name)] };
    }

    /// <summary>Whether a name fits a pattern in which <c>*</c> stands for anything but a slash.</summary>
    public static bool Fits(string pattern, string name) =>
        Regex.IsMatch(name, "^" + Regex.Escape(pattern).Replace(@"\*", "[^/]+") + "$", RegexOptions.CultureInvariant);

    void Add(string section, string line)
    {
        string[] parts = [.. line.Split(':').Select(part => part.Trim())];
        switch (section)
        {
            case "[projects]": _projects.Add((parts[0], List(parts[1]))); break;
            case "[internals]": SeeInternals = List(line); break;
            case "[files]": MayUseFiles = List(line); break;
            case "[pool]": MayUsePool = List(line); break;
            case "[console]": MayUseConsole = List(line); break;
            case "[folders]" when parts.Length == 3: _folders.Add(new FolderRule(parts[0], List(parts[1]), List(parts[2]))); break;
            default: throw new FormatException($"eng/layers.txt: cannot read '{line}' in section '{section}'.");
        }
    }

    static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>One line of the section [folders].</summary>
internal sealed record FolderRule(string Folder, string[] Namespaces, string[] Uses)
{
    public bool Covers(string folder) => Folder.EndsWith("/**", StringComparison.Ordinal)
        ? LayerRules.Fits(Folder[..^3], folder) || LayerRules.Fits(Folder[..^3], FirstParts(folder))
        : LayerRules.Fits(Folder, folder);

    public bool AllowsType(string ns, string type) => Namespaces.Contains(ns) || Uses.Any(use => Allows(use, ns, type));

    /// <summary>Importing a namespace is fine as soon as one of its types may be used; each type is checked where it is used.</summary>
    public bool AllowsImport(string ns) => Namespaces.Contains(ns) || Uses.Any(use => Allows(use.Split('/')[0], ns, ""));

    static bool Allows(string use, string ns, string type)
    {
        if (use.EndsWith(".*", StringComparison.Ordinal)) return ns == use[..^2] || ns.StartsWith(use[..^1], StringComparison.Ordinal);

        string[] parts = use.Split('/');
        if (ns != parts[0]) return false;
        return parts.Length == 1 || type == parts[1]
            || (parts[1].EndsWith('*') && type.StartsWith(parts[1][..^1], StringComparison.Ordinal));
    }

    string FirstParts(string folder) => string.Join('/', folder.Split('/').Take(Folder.Split('/').Length - 1));
}
