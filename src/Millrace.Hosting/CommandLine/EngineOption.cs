namespace Millrace.Hosting;

/// <summary>An option of the engine.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Form">As help shows it.</param>
/// <param name="Meaning">For people.</param>
internal sealed record EngineOption(string Name, string Form, string Meaning)
{
    public const string Parallelism = "--parallelism", Threads = "--threads", NoChaining = "--no-chaining", Explain = "--explain",
        Quiet = "--quiet", NoProgress = "--no-progress", Help = "--help";

    public static readonly IReadOnlyList<EngineOption> All =
    [
        new(Parallelism, "--parallelism N", $"instances of each operator that has no parallelism of its own (default: {Environment.ProcessorCount}, one per core)"),
        new(Threads, "--threads N", $"threads that share the work (default: {Environment.ProcessorCount}, one per core)"),
        new(NoChaining, "--no-chaining", "run every operator in a task of its own"),
        new(Explain, "--explain[=text|json]", "print the plan instead of running the job"),
        new(Quiet, "--quiet", "print neither progress nor summary"),
        new(NoProgress, "--no-progress", "print no progress, only the summary"),
        new(Help, "--help", "print this"),
    ];
}
