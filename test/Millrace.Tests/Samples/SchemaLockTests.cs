using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Hosting;

namespace Millrace.Tests.Samples;

/// <summary>The committed schema locks of the samples, checked as a build of theirs would.</summary>
public sealed partial class SchemaLockTests
{
    static string Folder
    {
        get
        {
            string root = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(root, "Millrace.slnx"))) root = Path.GetDirectoryName(root)!;
            return Path.Combine(root, "samples");
        }
    }

    /// <summary>The jobs that samples run, with the lock of each.</summary>
    static readonly Dictionary<string, string> s_locks = new(StringComparer.Ordinal) { ["FlightDelays"] = "FlightDelays/flight-delays.schema.json" };

    /// <summary>A sample that runs a job can keep its state, so the job has a lock.</summary>
    [Fact]
    public void EverySampleThatRunsAJob_HasALock()
    {
        string[] samples = Directory.GetDirectories(Folder);
        HashSet<string> jobs = [];
        foreach (string sample in samples)
        {
            foreach (string file in Directory.GetFiles(sample, "*.cs"))
                jobs.UnionWith(Job.Matches(File.ReadAllText(file)).Select(static m => m.Groups[1].Value));
        }

        Assert.InRange(samples.Length, 3, 100);
        Assert.Equal(s_locks.Keys.Order(StringComparer.Ordinal), jobs.Order(StringComparer.Ordinal));
        Assert.All(s_locks.Values, static file => Assert.True(File.Exists(Path.Combine(Folder, file)), file));
    }

    [GeneratedRegex(@"MillraceHost\.RunAsync<(\w+)>")]
    private static partial Regex Job { get; }

    [Fact]
    public async Task FlightDelays_IsAsItsLockSays()
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        HostProcess process = new() { Output = output, Error = error, Exit = static code => Assert.Fail($"the host ended the process with {code}") };
        string file = Path.Combine(Folder, s_locks["FlightDelays"]);
        int exitCode = await new JobHost(new("flight-delays", Flights.FlightDelays.Define), process, null).RunAsync(["schema", "check", "--lock", file], TestContext.Current.CancellationToken);
        Assert.Equal((ExitCodes.Finished, ""), (exitCode, error.ToString()));
    }
}
