using System.Xml.Linq;

namespace Millrace.RepoTests.Sources;

/// <summary>What the rules need of one .csproj, read as XML: evaluating it would take seconds and hide what was written.</summary>
internal sealed class ProjectFile(SourceFile file)
{
    readonly XDocument _xml = XDocument.Parse(file.Text);

    public SourceFile File => file;

    public string Name => System.IO.Path.GetFileNameWithoutExtension(file.FileName);

    public string Sdk => (string?)_xml.Root!.Attribute("Sdk") ?? "";

    /// <summary>The projects whose assemblies its code sees; one that only has to be built first is not seen.</summary>
    public IReadOnlyList<string> References =>
        [.. from reference in _xml.Descendants("ProjectReference")
            where (string?)reference.Attribute("ReferenceOutputAssembly") != "false"
            from path in reference.Attribute("Include")!.Value.Split(';')
            select System.IO.Path.GetFileNameWithoutExtension(path.Trim().Replace('\\', '/'))];

    public IReadOnlyList<string> InternalsVisibleTo => Includes("InternalsVisibleTo");

    public IReadOnlyList<string> Usings => Includes("Using");

    public bool Sets(string property) => Property(property) == "true";

    public string? Property(string property) => (string?)_xml.Descendants(property).LastOrDefault();

    public IReadOnlyList<string> Includes(string item) =>
        [.. _xml.Descendants(item).Attributes("Include").SelectMany(include => include.Value.Split(';')).Select(value => value.Trim())];

    public static IReadOnlyList<ProjectFile> Under(string tree, string folder) =>
        [.. Repository.Files(tree, folder, "*.csproj").Select(file => new ProjectFile(file))];
}
