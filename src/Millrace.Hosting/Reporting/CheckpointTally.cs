using System.Globalization;
using Millrace.Runtime.Checkpoints;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>The checkpoints of a run in sum, and what the run asks of its store. Thread-safe.</summary>
internal sealed class CheckpointTally
{
    readonly Lock _lock = new();   // guards the numbers
    long _count, _bytes, _transactions;
    CheckpointTraffic _traffic = CheckpointTraffic.None;
    CheckpointStatistics? _last;

    /// <summary>Counts everything that is asked of the store of the job, for checkpoints and otherwise.</summary>
    public StoreMeter Store { get; } = new();

    /// <summary>How many were taken.</summary>
    public long Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    /// <summary>The last that was taken; null before the first.</summary>
    public CheckpointStatistics? Last
    {
        get
        {
            lock (_lock) return _last;
        }
    }

    /// <summary>One was taken.</summary>
    public void Add(CheckpointStatistics taken)
    {
        lock (_lock)
        {
            _count++;
            _bytes += taken.PackBytes;
            _traffic += taken.Traffic;
            _transactions += taken.Transactions;
            _last = taken;
        }
    }

    /// <summary>All of them in a line, and the last one by itself.</summary>
    public string Line
    {
        get
        {
            lock (_lock)
            {
                StoreCounts taking = _traffic.Taking, cleaning = _traffic.Cleaning, all = Store.Counts;
                return _last is null
                    ? "no checkpoint taken"
                    : string.Create(CultureInfo.InvariantCulture,
                        $"{_count:N0} checkpoints taken, {_bytes:N0} bytes and {taking.Calls:N0} requests for them ({taking.InWords}), {cleaning.Calls:N0} to delete old ones, "
                        + $"{_transactions:N0} commits of sinks; of all requests to the storage ({all.Calls:N0}: {all.InWords}) {all.BytesWritten:N0} bytes were sent and {all.BytesRead:N0} received; "
                        + $"the last is {CheckpointText.Of(_last)}");
            }
        }
    }
}
