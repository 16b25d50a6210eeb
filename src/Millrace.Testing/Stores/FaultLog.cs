using Millrace.Storage;

namespace Millrace.Testing.Stores;

/// <summary>What a <see cref="FaultStore"/> remembers: its calls, what became of them, and what is yet to come. Thread-safe.</summary>
sealed class FaultLog
{
    readonly Lock _gate = new(); // Guards everything below.
    readonly List<StoreEffect> _effects = [];
    readonly List<(int DueAt, StoreCall Call, StoreFault Fault, Func<ValueTask> Apply)> _late = [];
    int _calls;
    StoreCall? _crashedAt;

    public int Calls
    {
        get
        {
            lock (_gate) return _calls;
        }
    }

    public IReadOnlyList<StoreEffect> Effects
    {
        get
        {
            lock (_gate) return [.. _effects];
        }
    }

    public StoreCall? CrashedAt
    {
        get
        {
            lock (_gate) return _crashedAt;
        }
    }

    public StoreCall Begin(StoreVerb verb, string key, int bytes)
    {
        lock (_gate)
        {
            if (_crashedAt is not null) throw new SimulatedCrashException(_crashedAt);
            return new(_calls++, verb, key, bytes);
        }
    }

    public void Add(StoreEffect effect)
    {
        lock (_gate) _effects.Add(effect);
    }

    public void Delay(StoreCall call, StoreFault.ApplyLate fault, Func<ValueTask> apply)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fault.Calls, 1);
        lock (_gate)
        {
            _late.Add((call.Index + fault.Calls, call, fault, apply));
            _effects.Add(new(call, fault, false, "not answered"));
        }
    }

    /// <summary>Ends the process.</summary>
    public void Crash(StoreCall call)
    {
        lock (_gate) _crashedAt ??= call;
        throw new SimulatedCrashException(call);
    }

    /// <summary>Ends the call of a process that another call has ended.</summary>
    public void RequireAlive()
    {
        if (CrashedAt is { } call) throw new SimulatedCrashException(call);
    }

    /// <summary>Lets the writes take effect that are due at a call, in the order they were asked for.</summary>
    public async ValueTask ApplyLateAsync(int index)
    {
        while (TakeDue(index) is { } due)
        {
            string outcome = "took effect late";
            try
            {
                await due.Apply().ConfigureAwait(false);
            }
            catch (Exception e) when (e is StoreUnavailableException or ObjectExistsException)
            {
                // Too late: there is nobody to be told, but the record says it.
                outcome = e.Message;
            }

            Add(new(due.Call, due.Fault, true, outcome));
        }
    }

    (StoreCall Call, StoreFault Fault, Func<ValueTask> Apply)? TakeDue(int index)
    {
        lock (_gate)
        {
            int first = _late.FindIndex(late => late.DueAt <= index);
            if (first < 0) return null;
            (_, StoreCall call, StoreFault fault, Func<ValueTask> apply) = _late[first];
            _late.RemoveAt(first);
            return (call, fault, apply);
        }
    }
}
