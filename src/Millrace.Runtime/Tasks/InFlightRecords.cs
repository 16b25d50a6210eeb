using System.Buffers.Binary;
using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>A record on its way to an operator.</summary>
/// <param name="Timestamp">Its timestamp; none without event time.</param>
/// <param name="Value">The record.</param>
public readonly record struct InFlightRecord<T>(Timestamp Timestamp, T Value);

/// <summary>
/// The records that an unaligned barrier has overtaken on their way to a keyed operator: encoded as they come, by the hash of their key,
/// so that they follow their keys to whoever owns them after a restore. Owned by one task.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="hashOf">The hash of a record's key.</param>
/// <param name="owned">The slice of the hash space whose records come here.</param>
public sealed class InFlightRecords<T>(Func<T, uint> hashOf, KeyRange owned) : ISnapshotRows
{
    /// <summary>Records of the batches in which restored ones are handed on.</summary>
    public const int BatchRecords = 256;

    static readonly Codec<InFlightRecord<T>> s_codec = Codec.Of<InFlightRecord<T>>();
    static readonly StateSchema s_schema = new() { Name = "in-flight", Layout = StateLayout.InFlight, Kind = "in-flight", Value = s_codec.Schema };

    readonly Queue<InFlightRecord<T>> _restored = new();
    List<Row> _rows = [];
    List<(ulong Order, InFlightRecord<T> Record)> _restoring = [];
    Codec<InFlightRecord<T>> _reading = s_codec;
    long _count;

    /// <inheritdoc/>
    public StateSchema Schema => s_schema;

    /// <summary>The operator that they were on their way to, for errors.</summary>
    public string OperatorId { get; init; } = "";

    /// <summary>The records of an edge by key; null where records cannot be stored, or go to instances without regard to a key.</summary>
    public static InFlightRecords<T>? Of(string operatorId, IReadOnlyList<GraphEdge> edges, KeyRange owned)
    {
        if (CodecCheck.Problems(typeof(T)).Count > 0 || edges.Any(static e => e.Kind != PartitionKind.KeyBy)) return null;
        return ((GraphEdge<T>)edges[0]).Partition.Accept(new HashReader(operatorId, owned));
    }

    /// <summary>A barrier overtakes what is on its way.</summary>
    public void Begin()
    {
        _rows = [];
        _count = 0;
    }

    /// <summary>Adds what came by a channel ahead of the barrier.</summary>
    public void Add(Batch<T> batch, int channel)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            T value = batch.Values[i];
            // The order within a channel is what matters: records of one key from one producer stay in order.
            _rows.Add(new(hashOf(value), ((ulong)channel << 48) | (ulong)_count++, s_codec.Encode(new(batch.TimestampAt(i), value))));
        }
    }

    /// <summary>Fills an empty batch with restored records; false when there are none left.</summary>
    public bool TryTake(Batch<T> batch)
    {
        while (batch.Count < batch.Values.Length && _restored.TryDequeue(out InFlightRecord<T> record))
        {
            if (batch.Timestamps.Length != 0) batch.Timestamps[batch.Count] = record.Timestamp;
            batch.Values[batch.Count++] = record.Value;
        }

        return batch.Count > 0;
    }

    /// <inheritdoc/>
    void ISnapshotRows.Begin(in RowsCut cut) => Begin();

    /// <inheritdoc/>
    bool ISnapshotRows.Capture(ref int rows) => true;

    /// <inheritdoc/>
    public IReadOnlyList<CapturedRun> Take()
    {
        List<Row> rows = _rows;
        _rows = [];
        return rows.Count == 0 ? [] : [new Run(rows) { Range = owned, IsFull = true, Base = 0 }];
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row)
    {
        InFlightRecord<T> record = _reading.Decode(row.Value);
        // The row of its key may be another instance's: what this one would make of it would be lost or wrong.
        if (hashOf(record.Value) != row.Hash)
            throw new IncompatibleSchemaException($"a record on its way to operator '{OperatorId}' has another key than when it was written, {record.Value}: key the stream as the program before did, or start from a savepoint, which has no records on their way, or give them up with --drop-in-flight {OperatorId}");
        _restoring.Add((BinaryPrimitives.ReadUInt64BigEndian(row.Sub), record));
    }

    /// <inheritdoc/>
    public void BeginRestore(RestoredFrom from) => _reading = s_codec.ReadingFrom(from.Written.Value);

    /// <inheritdoc/>
    public void OnRestored()
    {
        foreach ((_, InFlightRecord<T> record) in _restoring.OrderBy(static r => r.Order)) _restored.Enqueue(record);
        _restoring = [];
    }

    readonly record struct Row(uint Hash, ulong Order, byte[] Value);

    sealed class Run(List<Row> rows) : CapturedRun
    {
        public override async ValueTask WriteAsync(IRunWriter writer, CancellationToken cancellationToken)
        {
            rows.Sort(static (a, b) => a.Hash != b.Hash ? a.Hash.CompareTo(b.Hash) : a.Order.CompareTo(b.Order));
            byte[] order = new byte[sizeof(ulong)];
            foreach (Row row in rows)
            {
                BinaryPrimitives.WriteUInt64BigEndian(order, row.Order);
                writer.Add(row.Hash, [], order, row.Value);
                if (writer.NeedsFlush) await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        public override void Dispose()
        {
        }
    }

    sealed class HashReader(string operatorId, KeyRange owned) : IPartitionVisitor<T, InFlightRecords<T>?>
    {
        public InFlightRecords<T>? VisitPlain(PartitionKind kind) => null;

        public InFlightRecords<T>? VisitKeyBy<TKey>(Func<T, TKey> keyOf)
        {
            IKeyType<TKey> keys = KeyTypes.Of<TKey>();
            return new(value => keys.Hash(keyOf(value)), owned) { OperatorId = operatorId };
        }
    }
}
