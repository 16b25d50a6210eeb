using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Tests.Samples;

/// <summary>A program of Millrace in a process of its own, as users run it.</summary>
public sealed class SampleProcess : IDisposable
{
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    readonly Process _process;
    readonly StringBuilder _error = new();
    readonly SemaphoreSlim _moreError = new(0);
    readonly Task _errorRead;

    SampleProcess(Process process)
    {
        _process = process;
        _errorRead = ReadErrorAsync();
    }

    /// <summary>Starts a program.</summary>
    /// <param name="program">The path of its assembly.</param>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="arguments">Its command line.</param>
    public static SampleProcess Start(string program, string folder, params string[] arguments) => Start(program, folder, new Dictionary<string, string>(), arguments);

    /// <summary>Starts a program with some variables of its own in the environment.</summary>
    public static SampleProcess Start(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        // The tests may run from an apphost, so the way to the dotnet program is from the runtime they run on.
        string dotnet = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        ProcessStartInfo start = new(dotnet, ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Reads the standard output up to a line.</summary>
    public async Task WaitForLineAsync(string line)
    {
        using CancellationTokenSource limit = new(s_limit);
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } read)
        {
            if (read == line) return;
        }

        await _errorRead;
        Assert.Fail($"The program ended before it printed '{line}': {Error}");
    }

    /// <summary>Reads the standard output to its end. A last line that the process could not finish is left out.</summary>
    public async IAsyncEnumerable<string> LinesAsync()
    {
        using CancellationTokenSource limit = new(s_limit);
        string text = "";
        char[] room = new char[4_096];
        while (await _process.StandardOutput.ReadAsync(room, limit.Token) is > 0 and var count)
        {
            text += new string(room, 0, count);
            string[] lines = text.Split('\n');
            foreach (string line in lines[..^1]) yield return line;
            text = lines[^1];
        }
    }

    /// <summary>Waits until the standard error has a text.</summary>
    public async Task WaitForErrorAsync(string text)
    {
        using CancellationTokenSource limit = new(s_limit);
        while (!Error.Contains(text, StringComparison.Ordinal)) await _moreError.WaitAsync(limit.Token);
    }

    /// <summary>Sends a signal, such as INT.</summary>
    public void Kill(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        using CancellationTokenSource limit = new(s_limit);
        string output = await _process.StandardOutput.ReadToEndAsync(limit.Token);
        await _process.WaitForExitAsync(limit.Token);
        await _errorRead.WaitAsync(limit.Token);
        return (_process.ExitCode, output, Error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    string Error
    {
        get
        {
            lock (_error) return _error.ToString().ReplaceLineEndings("\n");
        }
    }

    async Task ReadErrorAsync()
    {
        char[] room = new char[4_096];
        while (await _process.StandardError.ReadAsync(room) is > 0 and var count)
        {
            lock (_error) _error.Append(room, 0, count);
            _moreError.Release();
        }
    }
}
