using Millrace.State.Codecs;

namespace Millrace.Testing.Contracts;

/// <summary>Drives sinks as the engine does, without an engine.</summary>
public static class SinkSteps
{
    /// <summary>How long a call of a sink may take, by the clock of the machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The context of a deployment of the job <c>contract</c>, whose sink is named <c>sink</c>.</summary>
    /// <param name="deployment">Which one, from one on: a later one has a later attempt and a nonce of its own.</param>
    /// <param name="timeline">Which line of history, from one on.</param>
    /// <param name="isFresh">Whether the timeline began with no state.</param>
    /// <param name="isDurable">Whether the job takes checkpoints.</param>
    /// <param name="parallelism">How many instances there are.</param>
    /// <param name="time">The clock; that of the machine unless given.</param>
    public static SinkContext Context(
        int deployment, int timeline = 1, bool isFresh = true, bool isDurable = true, int parallelism = 1, TimeProvider? time = null) => new(
            "contract", "sink", $"{timeline:x32}", $"1.{deployment}", $"nonce-{deployment}-{timeline}", isFresh, isDurable, time ?? TimeProvider.System,
            SplitReads.Context().Services) { Parallelism = parallelism };

    /// <summary>What a writer may know of where it runs.</summary>
    /// <param name="index">Which instance.</param>
    /// <param name="parallelism">Of how many.</param>
    /// <param name="time">The clock; that of the machine unless given.</param>
    public static FunctionContext Function(int index = 0, int parallelism = 1, TimeProvider? time = null) => new()
    {
        OperatorId = "sink",
        Subtask = new(index, parallelism),
        Time = time ?? TimeProvider.System,
        Services = SplitReads.Context().Services,
        Counters = new(),
    };

    /// <summary>Offers records to a writer until all are taken.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="records">The records.</param>
    /// <param name="timestamps">Theirs; null for a stream without event time.</param>
    public static async Task WriteAsync<T, TPart>(this ITransactionalWriter<T, TPart> writer, IReadOnlyList<T> records, IReadOnlyList<Timestamp>? timestamps = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        await OfferAsync([.. records], [.. timestamps ?? []], writer.TryWrite, writer.WaitAsync).ConfigureAwait(false);
    }

    /// <summary>Offers records to a writer until all are taken.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="records">The records.</param>
    public static async Task WriteAsync<T>(this IIdempotentWriter<T> writer, IReadOnlyList<T> records)
    {
        ArgumentNullException.ThrowIfNull(writer);
        await OfferAsync([.. records], [], writer.TryWrite, writer.WaitAsync).ConfigureAwait(false);
    }

    /// <summary>A part as it comes back from a checkpoint: encoded and decoded.</summary>
    /// <param name="prepared">The part.</param>
    public static TPrepared Restored<TPrepared>(TPrepared prepared)
    {
        Codec<TPrepared> codec = Codec.Of<TPrepared>();
        using ByteBuffer bytes = new();
        CodecWriter writer = new(bytes);
        codec.Write(ref writer, prepared);
        writer.Flush();
        CodecReader reader = new(bytes.Written);
        TPrepared restored = codec.Read(ref reader);
        reader.End();
        return restored;
    }

    delegate void TryWrite<T>(ref BatchReader<T> batch);

    static async Task OfferAsync<T>(T[] records, Timestamp[] timestamps, TryWrite<T> tryWrite, Func<CancellationToken, ValueTask> waitAsync)
    {
        for (int taken = 0; taken < records.Length;)
        {
            taken += Offer(taken);
            if (taken < records.Length) await waitAsync(CancellationToken.None).AsTask().WaitAsync(Patience, TimeProvider.System).ConfigureAwait(false);
        }

        int Offer(int from)
        {
            BatchReader<T> batch = new(records.AsSpan(from), timestamps.Length == 0 ? default : timestamps.AsSpan(from));
            tryWrite(ref batch);
            return batch.Taken;
        }
    }
}
