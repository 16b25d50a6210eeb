namespace Millrace.Runtime;

/// <summary>Every bound of the engine, in one place.</summary>
public static class Limits
{
    /// <summary>Records of a batch at most; large enough that per-batch costs vanish, small enough to stay in the near caches.</summary>
    public const int BatchRecordsMax = 1_024;

    /// <summary>Records of a batch at least, when there are many channels.</summary>
    public const int BatchRecordsMin = 32;

    /// <summary>Records open in all channels of one producer, shared out over its channels.</summary>
    public const int OpenRecordsPerProducer = 16_384;

    /// <summary>Batches of one channel, travelling and free together. A power of two.</summary>
    public const int ChannelBatchesMax = 4;

    /// <summary>Channels of one process at most.</summary>
    public const int ChannelsMax = 65_536;

    /// <summary>Records hashed and prefetched ahead of their use.</summary>
    public const int PrefetchRecords = 128;

    /// <summary>Timers looked at before the task may turn to something else.</summary>
    public const int TimersPerCall = 1_024;

    /// <summary>
    /// Slots of a table looked at for a snapshot between two batches, a quarter of a millisecond's worth: about as long as a batch of a large state. Fewer
    /// of them make a checkpoint last longer, and more rows be copied one by one because they change before their turn.
    /// </summary>
    public const int CopySlots = 65_536;

    /// <summary>Output batches after which a step ends.</summary>
    public const int StepOutputBatchesMax = 4;

    /// <summary>Time after which a step ends at the next seam.</summary>
    public static readonly TimeSpan StepTimeMax = TimeSpan.FromMilliseconds(1);

    /// <summary>How long a watermark may wait for a batch to ride with while input keeps coming.</summary>
    public static readonly TimeSpan WatermarkInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>A step longer than this is named by the watchdog.</summary>
    public static readonly TimeSpan StepTimeReported = TimeSpan.FromSeconds(1);

    /// <summary>How long cancelled user code may take to return before it is named and the process gives up on it.</summary>
    public static readonly TimeSpan CancelTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>How long closing a finished job may take, before its functions and connectors are given up on.</summary>
    public static readonly TimeSpan CloseTimeMax = TimeSpan.FromMinutes(5);

    /// <summary>Tasks of one process at most.</summary>
    public const int TasksMax = 32_768;

    /// <summary>Operators times their instances in one process at most: each holds a batch of its own.</summary>
    public const int LinksMax = 32_768;

    /// <summary>Tasks with a thread of their own in one process at most.</summary>
    public const int BlockingTasksMax = 1_024;

    /// <summary>Messages in line for one end of a connection between leader and worker at most; more mean that nobody takes them.</summary>
    public const int ConnectionMessagesMax = 65_536;

    /// <summary>Encoded records of a batch that goes to another worker in several frames: the size at which the next one begins.</summary>
    public const int FrameBytesMax = 1 << 20;

    /// <summary>How often a leader that waits for workers looks whether it still leads.</summary>
    public static readonly TimeSpan LeadershipCheckInterval = TimeSpan.FromSeconds(10);

    /// <summary>Records of a batch for a producer with this many channels.</summary>
    /// <param name="channels">One or more.</param>
    public static int BatchRecords(int channels) => Math.Clamp(OpenRecordsPerProducer / channels, BatchRecordsMin, BatchRecordsMax);
}
