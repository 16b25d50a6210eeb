using Millrace.RepoTests.Layers;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Projects;

public sealed class ProjectTests
{
    static readonly LayerRules Rules = LayerRules.Parse(File.ReadAllText(Repository.At("eng/layers.txt")));

    [Fact]
    public void Projects_References_PointLeftOnly()
    {
        IReadOnlyList<ProjectFile> projects = ProjectFile.Under(Repository.Root, "src");

        Assert.InRange(projects.Count, 3, int.MaxValue);
        Violations.AssertNone(ProjectRules.Check(Rules, projects));
    }

    [Fact]
    public void Projects_SharedProperties_HoldForAll() =>
        Violations.AssertNone(ProjectRules.CheckShared(
            new SourceFile("Directory.Build.props", File.ReadAllText(Repository.At("Directory.Build.props")))));

    [Fact]
    public void Projects_SharedPropertyConditionalOrMissing_IsReported()
    {
        var props = new SourceFile("Directory.Build.props", """
            <Project><PropertyGroup><Nullable>enable</Nullable><Deterministic>true</Deterministic>
              <TreatWarningsAsErrors Condition="'$(CI)' == 'true'">true</TreatWarningsAsErrors></PropertyGroup></Project>
            """);

        Assert.Equal(["must set DisableTransitiveProjectReferences to true", "must set TreatWarningsAsErrors to true"],
            ProjectRules.CheckShared(props).Select(violation => violation.Message));
    }

    [Fact]
    public void WrongFixture_EveryPlantedViolation_IsReportedAndNothingElse()
    {
        IReadOnlyList<ProjectFile> projects = ProjectFile.Under(Repository.At("test/Millrace.RepoTests/Fixtures/WrongProjects"), "src");

        Violations.AssertPlanted(projects.Select(project => project.File), ProjectRules.Check(Rules, projects));
    }

    /// <summary>Every project that people build stands in the solution, so that one build finds every mistake.</summary>
    [Fact]
    public void Solution_EveryProject_IsInIt()
    {
        string solution = File.ReadAllText(Repository.At("Millrace.slnx"));
        var missing = from folder in (string[])["src", "test", "bench", "samples"]
                      from project in ProjectFile.Under(Repository.Root, folder)
                      where !solution.Contains($"\"{project.File.Path}\"", StringComparison.Ordinal)
                      select new Violation(project.File.Path, 1, "is not in Millrace.slnx");

        Violations.AssertNone(missing);
    }
}
