using System.Xml.Linq;
using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Projects;

/// <summary>References point left only; internals and the bans are opened to nobody eng/layers.txt does not name.</summary>
internal static class ProjectRules
{
    public static IEnumerable<Violation> Check(LayerRules rules, IEnumerable<ProjectFile> projects) =>
        projects.SelectMany(project => References(rules, project).Concat(Openings(rules, project)).Concat(Loosened(project)));

    static IEnumerable<Violation> References(LayerRules rules, ProjectFile project)
    {
        if (rules.ReferencesOf(project.Name) is not { } allowed)
        {
            yield return new Violation(project.File.Path, 1, "eng/layers.txt has no line for this project");
            yield break;
        }

        foreach (string reference in project.References.Where(reference => !allowed.Any(pattern => LayerRules.Fits(pattern, reference))))
            yield return At(project, reference,
                $"may not reference {reference}; allowed: {string.Join(", ", allowed.DefaultIfEmpty("nothing"))}");
    }

    static IEnumerable<Violation> Openings(LayerRules rules, ProjectFile project)
    {
        foreach (string friend in project.InternalsVisibleTo.Where(friend => !rules.SeeInternals.Contains(friend)))
            yield return At(project, $"\"{friend}\"", $"opens its internals to {friend}; make the type public and experimental instead");
        foreach ((string capability, IReadOnlyList<string> allowed, string what) in ((string, IReadOnlyList<string>, string)[])
            [("MayUseFiles", rules.MayUseFiles, "files"), ("MayUseConsole", rules.MayUseConsole, "the console"), ("MayUsePool", rules.MayUsePool, "the pool of threads")])
        {
            if (project.Sets(capability) && !allowed.Any(pattern => LayerRules.Fits(pattern, project.Name)))
                yield return At(project, capability, $"is not among the projects that may use {what}");
        }
    }

    /// <summary>What a project file could switch off again.</summary>
    static IEnumerable<Violation> Loosened(ProjectFile project)
    {
        foreach (string property in (string[])["DisableTransitiveProjectReferences", "TreatWarningsAsErrors", "Nullable", "Deterministic"])
        {
            if (project.Property(property) is not null)
                yield return At(project, $"<{property}>", $"sets {property}, which the repository decides");
        }
        if ((project.Property("NoWarn") ?? "").Contains("RS0030", StringComparison.Ordinal))
            yield return At(project, "RS0030", "silences the banned symbols");
        if (project.File.Text.Contains("AdditionalFiles Remove", StringComparison.Ordinal))
            yield return At(project, "AdditionalFiles Remove", "removes a list of banned symbols");
    }

    /// <summary>What must stand once for all projects, in the root's Directory.Build.props.</summary>
    public static IEnumerable<Violation> CheckShared(SourceFile props)
    {
        XDocument xml = XDocument.Parse(props.Text);
        foreach ((string property, string value)
            in ((string, string)[])[("DisableTransitiveProjectReferences", "true"), ("TreatWarningsAsErrors", "true"),
            ("Nullable", "enable"), ("Deterministic", "true")])
        {
            if (xml.Descendants(property).Any(element => element.Value == value && element.Attribute("Condition") is null)) continue;
            yield return new Violation(props.Path, 1, $"must set {property} to {value}");
        }
    }

    static Violation At(ProjectFile project, string text, string message)
    {
        int line = Array.FindIndex(project.File.Lines, candidate => candidate.Contains(text, StringComparison.Ordinal));
        return new Violation(project.File.Path, line + 1, message);
    }
}
