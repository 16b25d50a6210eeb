using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.State.Snapshots;

/// <summary>What a run is, before its rows are written.</summary>
public sealed record RunDescription
{
    /// <summary>The operator's id.</summary>
    public required string OperatorId { get; init; }

    /// <summary>The state.</summary>
    public required StateSchema Schema { get; init; }

    /// <summary>The slice of the hash space that it speaks for; all rows are within it.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>The checkpoint that writes it; more than zero.</summary>
    public required long Snapshot { get; init; }

    /// <summary>Whether it needs no earlier run of the slice.</summary>
    public required bool IsFull { get; init; }

    /// <summary>The checkpoint it says the changes since: zero when it is full, otherwise more than zero and before <see cref="Snapshot"/>.</summary>
    public long Base { get; init; }

    /// <summary>Rows of this and earlier runs with a lesser sub-key, a 64-bit number, are void; <see cref="long.MinValue"/> for none.</summary>
    public long DroppedBelow { get; init; } = long.MinValue;

    /// <summary>The description of what a state captured.</summary>
    /// <param name="operatorId">The operator's id.</param>
    /// <param name="schema">The state.</param>
    /// <param name="snapshot">The id of the checkpoint.</param>
    /// <param name="run">What was captured.</param>
    public static RunDescription Of(string operatorId, StateSchema schema, long snapshot, CapturedRun run) => new()
    {
        OperatorId = operatorId,
        Schema = schema,
        Range = run.Range,
        Snapshot = snapshot,
        IsFull = run.IsFull,
        Base = run.Base,
        DroppedBelow = run.DroppedBelow,
    };

    internal void Validate()
    {
        Invariant.That(!Range.IsEmpty, "a run speaks for some slice");
        Invariant.That(Snapshot > 0, "checkpoints count from one");
        Invariant.That(IsFull ? Base == 0 : Base > 0 && Base < Snapshot, "a run is full or says the changes since an earlier checkpoint");
        Invariant.That(DroppedBelow == long.MinValue || DropRule.Reads(Schema), "rows are dropped by sub-keys that are 64-bit numbers");
    }
}

/// <summary>What a pack says of the schema of a run, whose text is in the manifest.</summary>
public static class SchemaDigest
{
    /// <summary>
    /// The first 64 bits, lowest byte first, of the SHA-256 of layout and canonical texts of key, sub-key and value, and of whether rows have
    /// stamps; not of how long they are kept, which changes no byte of them.
    /// </summary>
    /// <param name="schema">The schema.</param>
    public static ulong Of(StateSchema schema)
    {
        string text = $"{schema.Layout}\0{schema.Key?.Text}\0{schema.Sub?.Text}\0{schema.Value.Text}{(schema.Ttl is null ? "" : "\0stamped")}";
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
