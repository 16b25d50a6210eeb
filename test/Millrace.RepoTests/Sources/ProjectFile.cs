using System.Xml.Linq;

namespace Millrace.RepoTests.Sources;

/// <summary>What the rules need of one .csproj, read as XML: evaluating it would take seconds and hide what was written.</summary>
internal sealed class ProjectFile(SourceFile file)
{
    readonly XDocument _xml = XDocument.Parse(file.Text);

    public SourceFile File => file;

    public string Name => System.IO.Path.GetFileNameWithoutExtension(file.FileName);

    public string Sdk => (string?)_xml.Root!.Attribute("Sdk") ?? "";

    public IReadOnlyList<string> References => [.. Includes("ProjectReference").Select(path => System.IO.Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))];

    public IReadOnlyList<string> InternalsVisibleTo => Includes("InternalsVisibleTo");

    public IReadOnlyList<string> Usings => Includes("Using");

    public bool Sets(string property) => Property(property) == "true";

    public string? Property(string property) => (string?)_xml.Descendants(property).LastOrDefault();

    public IReadOnlyList<string> Includes(string item) =>
        [.. _xml.Descendants(item).Attributes("Include").SelectMany(include => include.Value.Split(';')).Select(value => value.Trim())];

    public static IReadOnlyList<ProjectFile> Under(string tree, string folder) =>
        [.. Repository.Files(tree, folder, "*.csproj").Select(file => new ProjectFile(file))];
}
