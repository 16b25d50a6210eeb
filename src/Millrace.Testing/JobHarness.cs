using Millrace.Runtime;
using Millrace.Runtime.Planning;

namespace Millrace.Testing;

/// <summary>How a <see cref="JobHarness"/> runs a job.</summary>
public sealed record HarnessOptions
{
    /// <value>The parallelism of operators that have none of their own. One or more; the default is one.</value>
    public int Parallelism { get; init; } = 1;

    /// <value>Whether operators share tasks where they can. The default is true.</value>
    public bool IsChaining { get; init; } = true;

    /// <value>The clock. The default is a new one.</value>
    public ManualTimeProvider Time { get; init; } = new();

    /// <value>Services handed to functions, sources and sinks. The default has none.</value>
    public IServiceProvider? Services { get; init; }

    /// <value>How long to wait, by the clock of the machine, for connectors that work on threads of their own. The default is 30 seconds.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Runs a whole job on the thread of the test, step by step, with a clock that moves only when told to: the same input gives the same run.
/// Used by one thread.
/// </summary>
public sealed class JobHarness : IDisposable
{
    const int StepsMax = 10_000_000;
    readonly TestScheduler _scheduler = new();
    readonly HarnessOptions _options;
    readonly EmbeddedJob _job;

    JobHarness(JobGraph graph, HarnessOptions? options)
    {
        _options = options ?? new();
        EmbeddedOptions embedded = new() { Parallelism = _options.Parallelism, IsChaining = _options.IsChaining, Time = _options.Time };
        if (_options.Services is { } services) embedded = embedded with { Services = services };
        _job = new(graph, Planner.Plan(graph, _options.Parallelism, _options.IsChaining), embedded, _ => _scheduler);
        _job.Completion.ContinueWith(_ => _scheduler.Pulse(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _job.Start();
    }

    /// <summary>Starts a job described in the test. Nothing runs before the first call of a <c>Run</c> method.</summary>
    /// <param name="define">Describes the job.</param>
    /// <param name="options">How to run it.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    public static JobHarness Start(Action<Dataflow> define, HarnessOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(define);
        Dataflow flow = new("test");
        define(flow);
        return new(flow.Build(), options);
    }

    /// <summary>Starts a job of the program.</summary>
    /// <typeparam name="TJob">The job.</typeparam>
    /// <param name="args">Its command line.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    public static JobHarness Start<TJob>(params string[] args) where TJob : IJob => Start<TJob>(new HarnessOptions(), args);

    /// <summary>Starts a job of the program.</summary>
    /// <typeparam name="TJob">The job.</typeparam>
    /// <param name="options">How to run it.</param>
    /// <param name="args">Its command line.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    public static JobHarness Start<TJob>(HarnessOptions options, params string[] args) where TJob : IJob
    {
        Dataflow flow = new(typeof(TJob).Name);
        TJob.Define(flow, new JobArguments(args));
        return new(flow.Build(), options);
    }

    /// <summary>The clock of the job. Move it with <see cref="AdvanceTime"/>, which also runs the job.</summary>
    public ManualTimeProvider Time => _options.Time;

    /// <summary>Whether the job has ended, however it did.</summary>
    public bool IsEnded => _job.Completion.IsCompleted;

    /// <summary>What made the job fail; null when it runs, or ended as it should.</summary>
    public Exception? Failure => _job.Completion.Exception?.InnerException;

    /// <summary>A counter of an operator, such as <c>numLateRecordsDropped</c>; zero when it has none of the name.</summary>
    public long CounterOf(string operatorId, string counter) => _job.Status[operatorId].Counters.GetValueOrDefault(counter);

    /// <summary>Records that an operator has handled, over all its parallel instances.</summary>
    public long RecordsIn(string operatorId) => _job.Status[operatorId].RecordsIn;

    /// <summary>Records that an operator has emitted by its main output, over all its parallel instances.</summary>
    public long RecordsOut(string operatorId) => _job.Status[operatorId].RecordsOut;

    /// <summary>Where event time stands at an operator: the smallest watermark of its parallel instances.</summary>
    public Timestamp WatermarkOf(string operatorId) => _job.Status[operatorId].Watermark;

    /// <summary>Runs until there is nothing left to do before more is sent, or time moves on, or a connector that works on a thread of its own has news.</summary>
    /// <exception cref="JobFailedException">The job failed.</exception>
    public JobHarness RunUntilIdle()
    {
        int steps = 0;
        while (_scheduler.RunOne() || WaitForOpening())
        {
            if (++steps > StepsMax)
                throw new ExpectationException($"the job is not idle after {StepsMax:N0} steps; for a source without end use RunUntil(…)");
        }

        return ThrowIfFailed();
    }

    /// <summary>Runs until the condition holds, waiting for connectors that work on threads of their own.</summary>
    /// <param name="condition">Asked between steps, on this thread.</param>
    /// <exception cref="JobFailedException">The job failed.</exception>
    /// <exception cref="ExpectationException">The job ended, or had nothing to do for long, and the condition does not hold.</exception>
    public JobHarness RunUntil(Func<bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (!condition())
        {
            if (_scheduler.RunOne()) continue;
            ThrowIfFailed();
            if (IsEnded) throw new ExpectationException("the job has ended, and what was waited for has not happened");
            if (!_scheduler.Wait(() => IsEnded || condition(), _options.Patience))
                throw new ExpectationException($"the job has had nothing to do for {_options.Patience.TotalSeconds:N0} seconds, and what was waited for has not happened");
        }

        return this;
    }

    /// <summary>Runs to the end of the job, waiting for connectors that work on threads of their own.</summary>
    /// <exception cref="JobFailedException">The job failed.</exception>
    /// <exception cref="ExpectationException">The job had nothing to do for long and has not ended: a script without <c>End()</c>, say.</exception>
    public JobHarness RunToEnd()
    {
        RunUntil(() => IsEnded);
        return ThrowIfFailed();
    }

    /// <summary>Moves the clock on, from timer to timer, and runs the job until it is idle after each.</summary>
    /// <param name="time">Zero or more. A deadline has passed once the clock shows more than the deadline.</param>
    /// <exception cref="JobFailedException">The job failed.</exception>
    public JobHarness AdvanceTime(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        DateTimeOffset end = Time.GetUtcNow() + time;
        RunUntilIdle();
        while (Time.NextTimer is { } next && next <= end)
        {
            Time.SetUtcNow(next);
            RunUntilIdle();
        }

        Time.SetUtcNow(end);
        return RunUntilIdle();
    }

    /// <summary>Asks the job to stop without its result.</summary>
    public void Cancel() => _job.Cancel();

    /// <summary>Cancels the job if it still runs, and closes what it has open. Never throws what the job failed with.</summary>
    public void Dispose()
    {
        _job.Cancel();
        while (!IsEnded)
        {
            if (!_scheduler.RunOne() && !_scheduler.Wait(() => IsEnded, _options.Patience)) return;
        }
    }

    bool WaitForOpening() => _job.IsOpening && _scheduler.Wait(() => IsEnded || !_job.IsOpening, _options.Patience);

    JobHarness ThrowIfFailed()
    {
        if (_job.Completion.IsFaulted) _job.Completion.GetAwaiter().GetResult();
        return this;
    }
}
