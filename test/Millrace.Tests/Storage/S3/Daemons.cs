using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Tests.Storage.S3;

/// <summary>Real servers for tests: started on loopback with everything under one folder; what was started, and nothing else, is stopped.</summary>
public sealed class Daemons : IDisposable
{
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2), s_answerLimit = TimeSpan.FromMinutes(1);

    readonly List<Process> _running = [];
    readonly StringBuilder _said = new();

    /// <summary>The folder of the servers.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("millrace-servers-").FullName;

    /// <summary>Environment variables of what is started.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>What the programs said, for a failure.</summary>
    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    /// <summary>A program of the search path; null when it is not installed.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin").Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>A port nobody listens to at the moment.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts a server, which stays in the foreground of its process.</summary>
    public Process Start(string program, params string[] arguments)
    {
        Process process = Begin(program, arguments);
        lock (_running) _running.Add(process);
        return process;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TryRunAsync(string program, params string[] arguments)
    {
        using Process process = Begin(program, arguments);
        using CancellationTokenSource limit = new(s_limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end: {Said}");
        }

        return process.ExitCode;
    }

    /// <summary>Runs a program that must succeed.</summary>
    public async Task RunAsync(string program, params string[] arguments)
    {
        int code = await TryRunAsync(program, arguments);
        if (code != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {Said}");
    }

    /// <summary>Runs a program that may be repeated until it succeeds: a server that just started refuses now and then.</summary>
    public async Task RunUntilDoneAsync(string program, params string[] arguments)
    {
        using CancellationTokenSource limit = new(s_limit);
        while (await TryRunAsync(program, arguments) is not 0 and var code)
        {
            if (limit.IsCancellationRequested) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} still ends with {code}: {Said}");
        }
    }

    /// <summary>Waits until an HTTP server answers, whatever it says.</summary>
    public async Task WaitForAnswerAsync(Process server, Uri address)
    {
        using HttpClient client = new();
        using CancellationTokenSource limit = new(s_answerLimit);
        while (true)
        {
            if (server.HasExited) throw new InvalidOperationException($"The server at {address} ended with {server.ExitCode}: {Said}");
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(address, limit.Token);
                return;
            }
            catch (HttpRequestException)
            {
                // It is not listening yet, and there is no event to wait for in another process.
                await Task.Delay(50, limit.Token);
            }
        }
    }

    public void Dispose()
    {
        foreach (Process process in Enumerable.Reverse(_running))
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    Process Begin(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach ((string name, string value) in Variables) start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Say(line.Data);
        process.ErrorDataReceived += (_, line) => Say(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    void Say(string? line)
    {
        if (line is null) return;
        lock (_said) _said.AppendLine(line);
    }
}
