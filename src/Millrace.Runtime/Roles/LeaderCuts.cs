using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>What the leader contributes to checkpoints under way: the splits that no reader has. Thread-safe.</summary>
sealed class LeaderCuts
{
    readonly Lock _lock = new();   // guards _cuts
    readonly SortedDictionary<long, IReadOnlyList<KeyValuePair<string, StateEntry>>> _cuts = [];

    /// <summary>The states of a checkpoint's cut, by operator.</summary>
    public void Add(long id, IReadOnlyList<KeyValuePair<string, StateEntry>> states)
    {
        lock (_lock) _cuts.Add(id, states);
    }

    /// <summary>Adds the leader's states to the part of the worker that has the first instance of the operator.</summary>
    public WorkerSnapshot With(WorkerSnapshot part)
    {
        IReadOnlyList<KeyValuePair<string, StateEntry>>? states;
        lock (_lock)
        {
            if (!_cuts.TryGetValue(part.Id, out states)) return part;
        }

        List<OperatorSlice> slices = [.. part.Operators];
        foreach ((string id, StateEntry state) in states)
        {
            int first = slices.FindIndex(s => s.OperatorId == id && s.Subtask.Index == 0);
            if (first >= 0) slices[first] = slices[first] with { States = [.. slices[first].States, state] };
        }

        return part with { Operators = slices };
    }

    /// <summary>A checkpoint was committed: those before it are not needed either.</summary>
    public void Confirm(long id)
    {
        lock (_lock)
        {
            foreach (long old in _cuts.Keys.Where(k => k <= id).ToArray()) _cuts.Remove(old);
        }
    }

    /// <summary>A checkpoint was given up.</summary>
    public void Abort(long id)
    {
        lock (_lock) _cuts.Remove(id);
    }
}
