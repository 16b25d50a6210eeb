using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Millrace.Simulation;

Options options;
try
{
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(Options.Help);
        return 0;
    }

    options = Options.Read(args);
}
catch (FormatException wrong)
{
    Console.Error.WriteLine($"{wrong.Message}\n\n{Options.Help}");
    return 2;
}

return options.Share is { } share ? await ShareAsync(share) : options.Processes == 1 ? await AloneAsync() : await TogetherAsync();

// The work of one process among several: a line of JSON for each piece.
async Task<int> ShareAsync(int share)
{
    await foreach (Finding finding in FindAsync(n => n % options.Processes == share)) Console.WriteLine(JsonSerializer.Serialize(finding));
    return 0;
}

async Task<int> AloneAsync()
{
    Report report = new(options);
    await foreach (Finding finding in FindAsync(static _ => true)) report.Add(finding);
    return report.End();
}

async Task<int> TogetherAsync()
{
    Report report = new(options);
    bool[] isGood = await Task.WhenAll(Enumerable.Range(0, options.Processes).Select(async share =>
    {
        string[] own = [.. args, "--processes", $"{options.Processes}", "--share", $"{share}"];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Report).Assembly.Location, .. own]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line) report.Add(JsonSerializer.Deserialize<Finding>(line)!);
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }));
    return report.End(lost: isGood.Count(static good => !good));
}

IAsyncEnumerable<Finding> FindAsync(Func<int, bool> isOurs) => options.Sweep is { } kind
    ? Work.SweepAsync(kind, (ulong)options.From, n => n % options.Every == 0 && isOurs(n / options.Every))
    : Work.SeedsAsync(Enumerable.Range(0, options.Seeds).Where(isOurs).Select(n => options.From + n), options.Mutation, options.IsTrace ? Console.WriteLine : null);

/// <summary>Tells what was found, and how the work gets on. Thread-safe.</summary>
sealed class Report(Options options)
{
    readonly Lock _lock = new();   // guards everything below
    readonly long _started = TimeProvider.System.GetTimestamp();
    readonly SortedDictionary<string, int> _reached = new(StringComparer.Ordinal);
    int _passed, _failed;
    TimeSpan _toldAt;

    public void Add(Finding finding)
    {
        lock (_lock)
        {
            foreach ((string what, int n) in finding.Reached) _reached[what] = _reached.GetValueOrDefault(what) + n;
            if (finding.Failure is null) _passed++;
            else _failed++;
            if (finding.Failure is { } failure && (_failed <= 20 || options.IsTrace)) Console.WriteLine($"{finding.What} FAILED: {(options.IsTrace ? failure : failure.Split('\n')[0])}");
            else if (options.Seeds == 1 && options.Sweep is null) Console.WriteLine($"{finding.What}: {finding.Detail}");
            Tell();
        }
    }

    /// <summary>The last line.</summary>
    /// <param name="lost">Processes that shared the work and ended before it was done; each counts as failed.</param>
    /// <returns>The exit code.</returns>
    public int End(int lost = 0)
    {
        for (int i = 0; i < lost; i++) Console.WriteLine("a process that shared the work ended before it was done");
        if (options.Mutation == Mutation.None)
        {
            foreach ((string what, int n) in _reached) Console.WriteLine($"  reached {n,6} times: {what}");
        }

        string[] missing = options.RequiresRare ? [.. Rare.All.Where(r => !_reached.ContainsKey(r))] : [];
        foreach (string situation in missing) Console.WriteLine($"never reached: {situation}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(_passed + _failed) / Elapsed.TotalMinutes:0} {(options.Sweep is null ? "seeds" : "lives")} per minute"));
        int failed = _failed + missing.Length + lost;
        Console.WriteLine($"{_passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_started);

    void Tell()
    {
        if (Elapsed - _toldAt < TimeSpan.FromSeconds(5)) return;
        _toldAt = Elapsed;
        string all = options.Sweep is null ? $" of {options.Seeds}" : "";
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_passed + _failed}{all} done, {_failed} failed, {(_passed + _failed) / Elapsed.TotalMinutes:0} per minute"));
    }
}
