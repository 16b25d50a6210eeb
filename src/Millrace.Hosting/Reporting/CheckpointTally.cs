using System.Globalization;
using Millrace.Runtime.Checkpoints;

namespace Millrace.Hosting;

/// <summary>The checkpoints of a run in sum. Thread-safe.</summary>
internal sealed class CheckpointTally
{
    readonly Lock _lock = new();   // guards the numbers
    long _count, _bytes, _requests, _transactions;
    CheckpointStatistics? _last;

    /// <summary>How many were taken.</summary>
    public long Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    /// <summary>One was taken.</summary>
    public void Add(CheckpointStatistics taken)
    {
        lock (_lock)
        {
            _count++;
            _bytes += taken.PackBytes;
            _requests += taken.Requests + taken.Packs;
            _transactions += taken.Transactions;
            _last = taken;
        }
    }

    /// <summary>All of them in a line.</summary>
    public string Line
    {
        get
        {
            lock (_lock)
            {
                return _last is null
                    ? "no checkpoint taken"
                    : string.Create(CultureInfo.InvariantCulture,
                        $"{_count:N0} checkpoints taken, {_bytes:N0} bytes and {_requests:N0} requests for them, {_transactions:N0} commits of sinks; the last is {_last.Snapshot.Id}");
            }
        }
    }
}
