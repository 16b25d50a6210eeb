using System.Globalization;
using Millrace.Hosting;

namespace Millrace.Tests.Samples;

/// <summary>The committed schema locks of the samples, checked as a build of theirs would.</summary>
public sealed class SchemaLockTests
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

    [Fact]
    public async Task FlightDelays_IsAsItsLockSays()
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        HostProcess process = new() { Output = output, Error = error, Exit = static code => Assert.Fail($"the host ended the process with {code}") };
        string file = Path.Combine(Folder, "FlightDelays", "flight-delays.schema.json");
        int exitCode = await new JobHost(new("flight-delays", Flights.FlightDelays.Define), process, null).RunAsync(["schema", "check", "--lock", file], TestContext.Current.CancellationToken);
        Assert.Equal((ExitCodes.Finished, ""), (exitCode, error.ToString()));
    }
}
