using Millrace.State.Codecs;
using Millrace.State.Tables;

namespace Millrace.State.Snapshots;

/// <summary>Which rows <see cref="RunEntry.DroppedBelow"/> voids: those whose sub-key, read as a 64-bit number, is less.</summary>
public static class DropRule
{
    /// <summary>Whether the sub-keys of a state are 64-bit numbers: <c>int64</c>, <c>timespan</c>, <c>timestamp</c> or <c>ordered64</c>.</summary>
    /// <param name="schema">The state.</param>
    public static bool Reads(StateSchema schema) => schema.Sub is { Root: SchemaType.Scalar { Name: "int64" or "timespan" or "timestamp" or "ordered64" } };

    /// <summary>The number that a sub-key is.</summary>
    /// <param name="schema">The state, which <see cref="Reads"/>.</param>
    /// <param name="sub">The encoded sub-key.</param>
    /// <exception cref="CorruptDataException">It is no such number.</exception>
    public static long SubOf(StateSchema schema, ReadOnlySpan<byte> sub) => SubOf(FormOf(schema), sub);

    /// <summary>What voids the rows of each run of a state: the largest bound of the run itself and those after it in its slice.</summary>
    /// <param name="runs">The runs, oldest first.</param>
    /// <returns>A bound for each; <see cref="long.MinValue"/> for none.</returns>
    public static long[] BoundsOf(IReadOnlyList<RunEntry> runs)
    {
        long[] bounds = new long[runs.Count];
        Dictionary<KeyRange, long> largest = [];
        for (int i = runs.Count - 1; i >= 0; i--)
        {
            long bound = Math.Max(runs[i].DroppedBelow, largest.GetValueOrDefault(runs[i].Range, long.MinValue));
            bounds[i] = largest[runs[i].Range] = bound;
        }

        return bounds;
    }

    internal static SubForm FormOf(StateSchema schema) => (schema.Sub?.Root as SchemaType.Scalar)?.Name switch
    {
        "timestamp" => SubForm.Fixed,
        "ordered64" => SubForm.Ordered,
        _ => SubForm.Zigzag,
    };

    internal static long SubOf(SubForm form, ReadOnlySpan<byte> sub)
    {
        if (form == SubForm.Ordered) return OrderedNumber.Read(sub);
        CodecReader reader = new(sub);
        long number = form == SubForm.Fixed ? (long)reader.ReadFixed64() : reader.ReadZigzag();
        reader.End();
        return number;
    }
}

/// <summary>How a sub-key is a number.</summary>
enum SubForm
{
    /// <summary>A varint, the sign in the lowest bit.</summary>
    Zigzag,

    /// <summary>Eight bytes, lowest first.</summary>
    Fixed,

    /// <summary>Eight bytes in the order of the numbers.</summary>
    Ordered,
}
