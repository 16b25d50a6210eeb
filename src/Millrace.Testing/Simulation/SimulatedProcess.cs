using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>
/// A process in a simulated world, from its start to its end. It may be killed and paused at any moment, and what it asks of the outside
/// may fail. Used by the thread of the world.
/// </summary>
public sealed class SimulatedProcess
{
    static readonly TimeSpan s_least = TimeSpan.FromMicroseconds(200), s_most = TimeSpan.FromMilliseconds(8), s_slow = TimeSpan.FromSeconds(2);

    readonly SimulatedWorld _world;
    readonly Queue<Action> _held = new();
    bool _isPaused;
    bool _isFailing;
    AttemptId _deployed;
    bool _isOver;
    long _triggered;

    internal SimulatedProcess(SimulatedWorld world, string name, TimeSpan skew, EffectPlan? plan = null)
    {
        _world = world;
        Name = name;
        Chance = world.Chance.Fork();
        Time = new SimulatedTime(world, this, skew);
        Nonces = new(new(Chance.Next(), Chance.Next()));
        Plan = plan ?? new();
    }

    /// <summary>For the trace and for failures: <c>p3</c> is the third process of the world.</summary>
    public string Name { get; }

    /// <summary>Its clock, which may be wrong.</summary>
    public TimeProvider Time { get; }

    /// <summary>Whether it has ended.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Which version of the program it runs.</summary>
    internal int Version { get; init; }

    internal NonceSource Nonces { get; }

    internal SimulatedChance Chance { get; }

    internal SimulatedWorld World => _world;

    /// <summary>How often it stood still.</summary>
    internal int Pauses { get; private set; }

    /// <summary>Whether it can go on.</summary>
    internal bool IsAwake => !IsDead && !_isPaused;

    /// <summary>Whether the network between it and other processes is cut. The store it reaches all the same.</summary>
    internal bool IsCutOff { get; private set; }

    /// <summary>Whether others can reach it.</summary>
    internal bool IsReachable => IsAwake && !IsCutOff;

    /// <summary>Where it is to end or to stand still.</summary>
    internal EffectPlan Plan { get; }

    /// <summary>
    /// Something done to the world outside: it takes its time there and back, takes effect though the process ends meanwhile, and may fail before
    /// it took effect or, as far as the process can tell, after. Sinks and functions of simulated jobs act through it.
    /// </summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="what">For the trace.</param>
    /// <param name="effect">What happens outside, at one moment.</param>
    /// <returns>Its answer; never completes when the process has ended.</returns>
    /// <exception cref="SimulatedFaultException">It failed, before or after it took effect.</exception>
    public async Task<T> CallAsync<T>(string what, Func<T> effect)
    {
        ArgumentNullException.ThrowIfNull(effect);
        SimulatedFaults faults = _world.Faults;
        bool isRefused = Chance.InThousand(faults.OutsidePerThousand), isAnswerLost = Chance.InThousand(faults.OutsidePerThousand);
        return await CallAsync(what, () => isRefused ? throw new SimulatedFaultException(what, isBefore: true) : new ValueTask<T>(effect()), isAnswerLost).ConfigureAwait(false);
    }

    /// <summary>A place in user code where a simulation may have it throw.</summary>
    /// <exception cref="SimulatedFaultException">It throws now.</exception>
    public void MayThrow()
    {
        if (!_isFailing) return;
        _isFailing = false;
        _world.Reach("user code threw");
        throw new SimulatedFaultException("user code", isBefore: true);
    }

    /// <summary>Puts something into the trace.</summary>
    /// <param name="what">A few words.</param>
    public void Tell(string what) => _world.Tell(Name, what);

    internal async Task<T> CallAsync<T>(string what, Func<ValueTask<T>> call, bool isAnswerLost)
    {
        await PassAsync().ConfigureAwait(false);
        EffectEnd? end = Plan.Next(what);
        await _world.DelayAsync(Way(what)).ConfigureAwait(false);
        if (end is { IsBefore: true })
        {
            // What was never asked for does not happen; what was held back happens when the process wakes.
            End(end);
            await PassAsync().ConfigureAwait(false);
        }

        try
        {
            T answer = await call().ConfigureAwait(false);
            Tell(isAnswerLost ? $"{what}: {answer}, and the answer is lost" : $"{what}: {answer}");
            if (isAnswerLost) throw new SimulatedFaultException(what, isBefore: false);
            return answer;
        }
        finally
        {
            if (end is { IsBefore: false }) End(end);
            await _world.DelayAsync(Way(what)).ConfigureAwait(false);
            await PassAsync().ConfigureAwait(false);
        }
    }

    /// <summary>How long a call is on its way there, or its answer on the way back.</summary>
    TimeSpan Way(string what)
    {
        if (_world.Faults.SlowPerThousand == 0 || !Chance.InThousand(_world.Faults.SlowPerThousand)) return Chance.Between(s_least, s_most);
        _world.Reach(what.StartsWith("commit ", StringComparison.Ordinal) ? "a commit was slow" : "a call was slow");
        return Chance.Between(s_most, s_slow);
    }

    /// <summary>User code throws at the next place where it may.</summary>
    internal void FailSoon() => _isFailing = true;

    /// <summary>It is gone from here on: no step, no timer, no answer, no call.</summary>
    internal void Kill(string why)
    {
        if (IsDead) return;
        Tell($"killed: {why}");
        IsDead = true;
        _held.Clear();
        _world.Network.OnKilled(this);
        Plan.OnEnded();
    }

    /// <summary>A message arrives: notes records of a deployment that is over here, and barriers that come before the leader's word.</summary>
    internal Message Hear(Message message)
    {
        switch (message)
        {
            case LeaderMessage.Deploy deploy when deploy.Attempt.CompareTo(_deployed) > 0: (_deployed, _isOver, _triggered) = (deploy.Attempt, false, 0); break;
            case LeaderMessage.Trigger trigger when trigger.Attempt == _deployed: _triggered = trigger.Barrier.Id; break;
            case LeaderMessage.Cancel cancel when cancel.Attempt == _deployed: _isOver = true; break;
            case ExchangeMessage.Frame frame when frame.Attempt.CompareTo(_deployed) < 0 || (_isOver && frame.Attempt == _deployed):
                _world.Reach("a frame of a deployment that was over was ignored");
                break;
            case ExchangeMessage.Frame { Tail.Barrier: { } barrier } frame when frame.Attempt == _deployed && barrier.Id > _triggered:
                _world.Reach("a barrier came with records before the leader's word");
                break;
        }

        return message;
    }

    /// <summary>Others cannot reach it any more, or can again.</summary>
    internal void CutOff(bool isCutOff)
    {
        if (isCutOff != IsCutOff) Tell(isCutOff ? "is cut off from the others" : "can be reached again");
        IsCutOff = isCutOff;
        if (isCutOff) _world.Network.OnCutOff(this);
    }

    /// <summary>It stands still: nothing happens in it until it wakes.</summary>
    internal void Pause()
    {
        Tell("paused");
        Pauses++;
        _isPaused = true;
    }

    /// <summary>It goes on where it stood.</summary>
    internal void Wake()
    {
        if (!_isPaused) return;
        Tell("wakes");
        _isPaused = false;
        // One by one, as each may end the process or put it to sleep again.
        while (!_isPaused && _held.TryDequeue(out Action? act)) act();
    }

    /// <summary>Something happens in it: now, when it wakes, or never.</summary>
    internal void Do(Action act)
    {
        if (IsDead) return;
        if (_isPaused) _held.Enqueue(act);
        else act();
    }

    /// <summary>Completes when the process can go on: at once, when it wakes, or never.</summary>
    internal Task PassAsync()
    {
        if (IsAwake) return Task.CompletedTask;
        TaskCompletionSource awake = new();
        Do(() => awake.SetResult());
        return awake.Task;
    }

    /// <summary>The line that tasks of a deployment stand in.</summary>
    internal ITaskScheduler Scheduler() => new ProcessScheduler(this);

    void End(EffectEnd end)
    {
        if (end.IsPause)
        {
            Pause();
            Plan.OnEnded();
        }
        else
        {
            Kill(end.ToString());
        }
    }

    sealed class ProcessScheduler(SimulatedProcess process) : ITaskScheduler
    {
        public void Enqueue(StreamTask task)
        {
            if (!process.IsDead) process._world.Enqueue(process, task);
        }
    }
}

/// <summary>Something asked of a simulated world failed, as its seed has it.</summary>
/// <param name="what">What was asked.</param>
/// <param name="isBefore">Whether it failed before it took effect.</param>
public sealed class SimulatedFaultException(string what, bool isBefore)
    : Exception(isBefore ? $"{what} failed, as the simulation has it" : $"{what} was not answered, as the simulation has it; perhaps it took effect");
