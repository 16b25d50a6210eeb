namespace Millrace.Benchmarks.Measuring;

/// <summary>What one pass of one run took.</summary>
/// <param name="Elapsed">Time.</param>
/// <param name="AllocatedBytes">Bytes allocated by the whole process meanwhile.</param>
readonly record struct PassCost(TimeSpan Elapsed, long AllocatedBytes);

/// <summary>What one run took and what it computed.</summary>
/// <param name="Passes">Its passes.</param>
/// <param name="Checksum">Made of all results, whatever their order.</param>
/// <param name="Results">How many results there were.</param>
sealed record Outcome(PassCost[] Passes, long Checksum, long Results);

/// <summary>
/// Notes where each pass of a run begins and the last one ends. Marked by one thread at a time: once per pass and once at the end.
/// Counting allocated bytes precisely stops all threads, which happens between the passes and is not part of their time.
/// </summary>
sealed class PassClock
{
    readonly PassCost[] _passes;
    int _marks;
    long _begun;
    long _bytesBefore;

    public PassClock(int passes) => _passes = new PassCost[passes];

    public PassCost[] Passes => _marks == _passes.Length + 1
        ? _passes
        : throw new BenchmarkException($"the run went through {_marks - 1} of its {_passes.Length} passes");

    public void Mark()
    {
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(_begun);
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        if (_marks > 0) _passes[_marks - 1] = new(elapsed, bytes - _bytesBefore);
        _marks++;
        _bytesBefore = GC.GetTotalAllocatedBytes(precise: true);
        _begun = TimeProvider.System.GetTimestamp();
    }
}

/// <summary>A measurement that means nothing, such as one of a peer that computes something else.</summary>
/// <param name="message">For people.</param>
sealed class BenchmarkException(string message) : Exception(message);
