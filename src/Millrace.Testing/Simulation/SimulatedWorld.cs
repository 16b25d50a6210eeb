using Millrace.Runtime.Tasks;

namespace Millrace.Testing.Simulation;

/// <summary>
/// Everything that happens, on one thread, in an order that one seed decides: steps of tasks, timers, answers of stores. Time passes only here.
/// The real code of the engine runs in it; its continuations go to the pool of threads, which has one thread (see <see cref="SimulationPool"/>), and
/// nothing happens before they have all run.
/// </summary>
/// <remarks>
/// Runs as a work item of the pool, so that the code it calls is where it would be anyway. The pool takes what its thread itself has put in
/// line last-in first-out, then the rest in order; so with one thread the order follows from what was put in line, and the world, which
/// always lines up last, sees the pool at rest.
/// </remarks>
sealed class SimulatedWorld : IThreadPoolWorkItem
{
    // What a step of a task takes at most.
    const int StepTicksMax = 3_000;

    readonly SimulatedChance _order;
    readonly List<(SimulatedProcess Process, StreamTask Task)> _runnable = [];
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _scenario = Task.CompletedTask;
    Func<Task>? _begin;
    long _limit;

    /// <summary>A world in which nothing has happened.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="trace">What happened.</param>
    public SimulatedWorld(ulong seed, EventTrace trace)
    {
        Chance = new(seed);
        _order = Chance.Fork();
        Trace = trace;
        Time = new SimulatedTime(this, null, TimeSpan.Zero);
        Network = new(this);
    }

    /// <summary>The chance of scenarios and faults.</summary>
    public SimulatedChance Chance { get; }

    /// <summary>What happened.</summary>
    public EventTrace Trace { get; }

    /// <summary>What lies between the roles of a job.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>What goes wrong from here on.</summary>
    public SimulatedFaults Faults { get; set; } = SimulatedFaults.None;

    /// <summary>Until when the store refuses to write: its disk is full.</summary>
    public long OutageUntil { get; set; }

    /// <summary>Whether the store refuses to write.</summary>
    public bool IsOutage => Now < OutageUntil;

    /// <summary>Rare situations that were reached, with how often.</summary>
    public Dictionary<string, int> Reached { get; } = new(StringComparer.Ordinal);

    /// <summary>What was found first; the world ends with it. The engine would take it for a failure of its own, and restart.</summary>
    public Exception? Found { get; set; }

    /// <summary>A rare situation was reached.</summary>
    public void Reach(string situation) => Reached[situation] = Reached.GetValueOrDefault(situation) + 1;

    /// <summary>The right time.</summary>
    public TimeProvider Time { get; }

    /// <summary>The timers of all processes.</summary>
    public SimulatedTimers Timers { get; } = new();

    /// <summary>100 ns since it began.</summary>
    public long Now { get; private set; }

    /// <summary>Plays a scenario to its end. Once.</summary>
    /// <param name="scenario">What the world around the engine does; may wait for the engine and for the clock of the world, and for nothing else.</param>
    /// <param name="limit">How much time of the world it may take.</param>
    /// <exception cref="SimulationStuckException">The limit has passed, or nothing can happen any more, and the scenario has not ended.</exception>
    public Task PlayAsync(Func<Task> scenario, TimeSpan limit)
    {
        _begin = scenario;
        _limit = limit.Ticks;
        SimulationPool.LineUp(this);
        return _ended.Task;
    }

    /// <summary>Something happened that the trace should tell.</summary>
    public void Tell(string who, string what) => Trace.Add(Now, who, what);

    /// <summary>A task has something to do.</summary>
    public void Enqueue(SimulatedProcess process, StreamTask task) => _runnable.Add((process, task));

    /// <summary>Some time passes.</summary>
    public Task DelayAsync(TimeSpan time) => Task.Delay(time, Time);

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        if (_begin is { } begin)
        {
            _begin = null;
            _scenario = begin();
        }
        else if (SimulationPool.IsAtRest)
        {
            do
            {
                if (TryEnd()) return;
                Step();
            }
            while (SimulationPool.IsAtRest);
        }

        SimulationPool.LineUp(this);
    }

    bool TryEnd()
    {
        if (Found is { } found)
        {
            _ended.TrySetException(found);
            return true;
        }

        if (_scenario.IsCompleted)
        {
            if (_scenario.IsFaulted) _ended.TrySetException(_scenario.Exception.InnerExceptions);
            else _ended.TrySetResult();
            return true;
        }

        bool isStuck = _runnable.Count == 0 && Timers.NextDue is null;
        if (!isStuck && Now <= _limit) return false;
        _ended.TrySetException(new SimulationStuckException(TimeSpan.FromTicks(Now), isStuck));
        return true;
    }

    void Step()
    {
        long? due = Timers.NextDue;
        if (due <= Now)
        {
            Timers.Take().Fire();
        }
        else if (_runnable.Count > 0)
        {
            int at = _order.Below(_runnable.Count);
            (SimulatedProcess process, StreamTask task) = _runnable[at];
            _runnable[at] = _runnable[^1];
            _runnable.RemoveAt(_runnable.Count - 1);
            Now += _order.Below(StepTicksMax);
            process.Do(() => Run(process, task));
        }
        else
        {
            Now = due!.Value;
        }
    }

    void Run(SimulatedProcess process, StreamTask task)
    {
        Tell(process.Name, task.Name);
        task.Run();
    }
}

/// <summary>A simulated world came to no end.</summary>
/// <param name="at">When, since it began.</param>
/// <param name="isStuck">Whether nothing can happen any more; otherwise it took too long.</param>
public sealed class SimulationStuckException(TimeSpan at, bool isStuck) : Exception(isStuck
    ? $"after {at} of the world's time nothing can happen any more, and the scenario has not ended"
    : $"the scenario has not ended within {at} of the world's time");
