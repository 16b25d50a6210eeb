using System.Globalization;
using System.Runtime.InteropServices;

namespace Millrace.Benchmarks;

/// <summary>What the numbers were measured on: the processor says enough.</summary>
static class Machine
{
    /// <summary>Tasks that wanted a core over the last minute, before anything is measured; null where the system does not tell.</summary>
    public static double? Load =>
        File.Exists("/proc/loadavg") && double.TryParse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture, out double load)
            ? load : null;

    public static string Describe() =>
        $"{Processor()}, {Environment.ProcessorCount} threads, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}";

    static string Processor()
    {
        const string file = "/proc/cpuinfo";
        string? model = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return model?.Split(':', 2)[1].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
    }
}
