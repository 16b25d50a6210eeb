using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// A process as the world outside sees it: its calls of the store and of the sink, numbered together. It dies at one of them, before or
/// after it took effect; then nothing that is left of it has any effect. Thread-safe.
/// </summary>
sealed class TrialProcess(int diesAt = int.MaxValue, bool isAfter = false, Func<string, bool>? diesWhere = null)
{
    static readonly StoreFault s_none = new StoreFault.None();

    readonly Lock _lock = new();   // guards everything below
    readonly TaskCompletionSource<string> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<string> _steps = [];
    bool _isDead;

    /// <summary>Completes with the call it died at.</summary>
    public Task<string> Died => _died.Task;

    public bool IsDead
    {
        get
        {
            lock (_lock) return _isDead;
        }
    }

    public IReadOnlyList<string> Steps
    {
        get
        {
            lock (_lock) return [.. _steps];
        }
    }

    /// <summary>The store as this process sees it.</summary>
    public FaultStore StoreOver(IListableStore store) =>
        new(store, new(call => Next($"{call.Verb} {call.Key}") switch { null => s_none, false => new StoreFault.CrashBefore(), true => new StoreFault.CrashAfter() }), TimeProvider.System);

    /// <summary>A call of the sink.</summary>
    public T Sink<T>(string what, Func<T> act)
    {
        bool? dies = Next(what);
        if (dies == false) throw new ProcessDiedException(what);
        T result = act();
        return dies == true || IsDead ? throw new ProcessDiedException(what) : result;
    }

    /// <summary>It is gone from here on.</summary>
    public void Kill(string at)
    {
        lock (_lock) _isDead = true;
        _died.TrySetResult(at);
    }

    // Null: it lives on. False: it dies before the call, or is dead. True: it dies after the call took effect.
    bool? Next(string what)
    {
        lock (_lock)
        {
            if (_isDead) return false;
            _steps.Add(what);
            if (_steps.Count - 1 != diesAt && diesWhere?.Invoke(what) != true) return null;
            _isDead = true;
        }

        _died.TrySetResult(what);
        return isAfter;
    }
}

sealed class ProcessDiedException(string at) : Exception($"the process ended, as the test has it, at {at}");
