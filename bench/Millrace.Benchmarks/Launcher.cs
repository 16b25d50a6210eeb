using System.Diagnostics;
using System.Globalization;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks;

/// <summary>
/// Measures each workload in a process of its own, so that none inherits what the runtime compiled, guessed or allocated for another. The lines
/// the children print are printed as they come.
/// </summary>
/// <param name="options">As given on the command line.</param>
sealed class Launcher(BenchOptions options)
{
    readonly List<string> _missed = [];

    /// <returns>The exit code.</returns>
    public int Run(Workload[] workloads)
    {
        if (options.IsProfile) workloads = [.. workloads.Where(static w => w.Profile is not null)];
        using StreamWriter? file = options.JsonFile is null ? null : new(options.JsonFile);
        Progress.Say(Machine.Describe());
        if (Machine.Load is > 0.5 and var load)
            Progress.Say(string.Create(CultureInfo.InvariantCulture, $"The machine is at work for others (load {load:N1}): do not publish these numbers."));
        List<string> failed = [];
        foreach ((int index, Workload workload) in workloads.Index())
        {
            Progress.Say($"[{index + 1}/{workloads.Length}] {workload.Name}");
            // One that fails does not keep the others from being measured, and is not forgotten.
            if (RunChild(workload, file) is not 0 and var exitCode) failed.Add($"{workload.Name} ended with exit code {exitCode}");
        }

        foreach (string missed in _missed) Progress.Say($"missed: {missed}");
        foreach (string failure in failed) Progress.Say($"failed: {failure}");
        return failed.Count > 0 ? 3 : options.IsCheck && _missed.Count > 0 ? 1 : 0;
    }

    int RunChild(Workload workload, StreamWriter? file)
    {
        using Process child = Process.Start(ChildOf(workload)) ?? throw new InvalidOperationException("the program could not start itself");
        while (child.StandardOutput.ReadLine() is { } line)
        {
            Console.WriteLine(line);
            file?.WriteLine(line);
            file?.Flush();
            foreach (string missed in ResultLine.Missed(line)) _missed.Add($"{(missed.Length == 0 ? "target" : missed)} of {line}");
        }

        child.WaitForExit();
        return child.ExitCode;
    }

    ProcessStartInfo ChildOf(Workload workload)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("the program does not know its own path");
        // Started as `dotnet Millrace.Benchmarks.dll`, the process is dotnet; started by `dotnet run`, it is the program itself.
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true };
        if (isHost) start.ArgumentList.Add(typeof(Launcher).Assembly.Location);
        foreach (string argument in options.ForChild(workload.Name)) start.ArgumentList.Add(argument);
        return start;
    }
}
