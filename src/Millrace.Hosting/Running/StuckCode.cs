using System.Text;
using Millrace.Runtime;
using Millrace.Runtime.Diagnostics;

namespace Millrace.Hosting;

/// <summary>Names user code that does not return, with the stack it is in.</summary>
internal sealed class StuckCode(HostProcess process, ErrorLines lines)
{
    const int FramesMax = 40;
    static readonly TimeSpan s_captureMax = ThreadStacks.DefaultLimit;

    readonly Lock _lock = new();   // guards _text and _isAbandoned
    readonly StringBuilder _text = new();
    bool _isAbandoned;

    /// <summary>Prints what is stuck and where. Takes little more than three seconds, whatever the runtime does.</summary>
    /// <param name="jobName">The job.</param>
    /// <param name="steps">The tasks that do not return; none when it is an opening or closing that does not.</param>
    public async Task ReportAsync(string jobName, IReadOnlyList<SlowStep> steps)
    {
        string what = steps.Count == 0 ? "a source, sink or function does not return from opening or closing" : "user code does not return";
        lines.Print($"job '{jobName}' does not stop: {what}{Environment.NewLine}");
        TaskCompletionSource captured = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own, abandoned when it hangs: the runtime suspends threads to walk their stacks, and one may refuse.
        new Thread(() => CaptureAll(steps, captured)) { IsBackground = true, Name = "millrace-stuck-stacks" }.Start();
        try
        {
            await captured.Task.WaitAsync(s_captureMax + TimeSpan.FromMilliseconds(500), process.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_lock) _text.AppendLine("  (no more stacks: the runtime does not answer)");
        }

        lock (_lock)
        {
            _isAbandoned = true;
            lines.Print(_text.ToString());
        }
    }

    void CaptureAll(IReadOnlyList<SlowStep> steps, TaskCompletionSource captured)
    {
        long started = process.Time.GetTimestamp();
        string? socket = FindSocket();
        foreach (SlowStep step in steps)
        {
            TimeSpan left = s_captureMax - process.Time.GetElapsedTime(started);
            IReadOnlyList<string> frames = left > TimeSpan.Zero
                ? ThreadStacks.Capture(step.ThreadId, socket, left)
                : ["(its stack is not available: there was no time left)"];
            lock (_lock)
            {
                if (_isAbandoned) return;
                Append(step, frames);
            }
        }

        captured.TrySetResult();
    }

    void Append(SlowStep step, IReadOnlyList<string> frames)
    {
        _text.AppendLine($"  operator '{step.OperatorId}' in task '{step.Task}', for {step.Elapsed.TotalSeconds:N0} s:");
        foreach (string frame in frames.TakeWhile(static f => !f.StartsWith("Millrace.Runtime.", StringComparison.Ordinal)).Take(FramesMax))
            _text.Append("      at ").AppendLine(frame);
    }

    static string? FindSocket()
    {
        try
        {
            return new DirectoryInfo(Path.GetTempPath()).EnumerateFiles(ThreadStacks.SocketPattern).MaxBy(static f => f.LastWriteTimeUtc)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
