using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Millrace.Tests.Simulation;

/// <summary>
/// The engine in simulated worlds. They need a process whose pool has one thread, which a test's has not: so the program that runs seeds by hand
/// runs these as well.
/// </summary>
public sealed partial class SimulationTests
{
    static bool IsDeep => Environment.GetEnvironmentVariable("MILLRACE_DEEP") == "1";

    [Fact]
    public async Task Seeds_EverythingThatGoesWrong_EndsExactly()
    {
        int seeds = IsDeep ? 10_000 : 300;
        string output = await RunAsync(0, ["--seeds", $"{seeds}", .. IsDeep ? ["--require-rare"] : Array.Empty<string>()]);
        Assert.Contains($"{seeds} passed, 0 failed", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crash", 1)]
    [InlineData("double", 2)]
    [InlineData("zombie", 1)]
    public async Task Sweep_EveryEffectOfALife_EndsExactly(string kind, int every)
    {
        string output = await RunAsync(0, "--sweep", kind, "--every", $"{(IsDeep ? 1 : every)}");
        Assert.Matches(@"(?m)^([3-9]\d\d|\d{4}) passed, 0 failed$", output);
        if (kind == "zombie") Assert.Matches(@"reached\s+\d{3,} times: a paused leader slept through three checkpoints and what they delete", output);
    }

    [Theory]
    [InlineData("fencing")]
    [InlineData("alignment")]
    [InlineData("credit")]
    [InlineData("idempotence")]
    [InlineData("silence")]
    [InlineData("slicing")]
    [InlineData("courtesy")]
    [InlineData("patience")]
    public async Task Mutation_OfWhatMustHold_IsFoundWithinThreeHundredSeeds(string mutation)
    {
        string output = await RunAsync(1, "--mutate", mutation, "--seeds", "300");
        Assert.Matches(@"(?m)^\d+ passed, [1-9]\d* failed$", output);
    }

    [Fact]
    public async Task Seed_PlayedAgainInAnotherProcess_IsTheSameEventByEvent()
    {
        for (int seed = 11; seed <= 13; seed++)
        {
            string first = await RunAsync(0, "--seed", $"{seed}"), second = await RunAsync(0, "--seed", $"{seed}", "--trace");
            Match hash = TraceHash().Match(first);
            Assert.True(hash.Success, first);
            Assert.Equal(hash.Value, TraceHash().Match(second).Value);
        }
    }

    [Theory]
    [InlineData("--mutate", "nothing")]
    [InlineData("--sweep", "floor")]
    [InlineData("--seeds", "many")]
    [InlineData("--speed", "1")]
    public async Task CommandLine_NotUnderstood_SaysWhatThereIs(string option, string value)
    {
        string output = await RunAsync(2, option, value);
        Assert.Contains("--seeds N", output, StringComparison.Ordinal);
    }

    static async Task<string> RunAsync(int exitCode, params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Millrace.Simulation.dll");
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [program, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        string said = await output + await error;
        Assert.True(process.ExitCode == exitCode, $"exit code {process.ExitCode}:\n{said}");
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        return said;
    }

    [GeneratedRegex("(?m)^seed .*: [0-9a-f]{16}, [0-9]+ events")]
    private static partial Regex TraceHash();
}
