using Millrace.Runtime;

namespace Millrace.Hosting;

/// <summary>Says how far the job has come: on a terminal in a line that is drawn over, elsewhere in a plain line once in a while.</summary>
internal sealed class ProgressReporter : IDisposable
{
    static readonly TimeSpan s_drawEvery = TimeSpan.FromMilliseconds(250), s_printEvery = TimeSpan.FromSeconds(10);

    readonly IRunningJob _job;
    readonly CheckpointTally? _tally;
    readonly ErrorLines _lines;
    readonly TimeProvider _time;
    readonly long _started;
    readonly System.Threading.ITimer _timer;
    readonly Lock _lock = new();   // guards the fields below; a timer may call while a call is still at work
    bool _isDone;
    long _lastAt;
    long _lastRead;

    public ProgressReporter(IRunningJob job, CheckpointTally? tally, ErrorLines lines, TimeProvider time)
    {
        _job = job;
        _tally = tally;
        _lines = lines;
        _time = time;
        _started = _lastAt = time.GetTimestamp();
        TimeSpan every = lines.IsTerminal ? s_drawEvery : s_printEvery;
        _timer = time.CreateTimer(static reporter => ((ProgressReporter)reporter!).Report(), this, every, every);
    }

    /// <summary>Stops, and wipes the line.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDone) return;
            _isDone = true;
        }

        _timer.Dispose();
        if (_lines.IsTerminal) _lines.Clear();
    }

    void Report()
    {
        lock (_lock)
        {
            if (_isDone) return;
            JobStatus status = _job.Status;
            long read = status.RecordsRead;
            double seconds = _time.GetElapsedTime(_lastAt).TotalSeconds;
            string line = ProgressText.Of(status, _time.GetElapsedTime(_started), seconds > 0 ? (read - _lastRead) / seconds : 0, _tally?.Last);
            _lastAt = _time.GetTimestamp();
            _lastRead = read;
            if (_lines.IsTerminal) _lines.Draw(line);
            else _lines.Print(line + Environment.NewLine);
        }
    }
}
