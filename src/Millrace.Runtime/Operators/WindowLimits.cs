namespace Millrace.Runtime.Operators;

/// <summary>Bounds of the window operator.</summary>
static class WindowLimits
{
    /// <summary>Tables of dropped slices kept for new ones, however large.</summary>
    public const int SpareTablesMin = 4;

    /// <summary>Bytes of dropped tables kept beyond that: one watermark may pass many small slices, and the next batch bring as many.</summary>
    public const long SpareBytesMax = 4 << 20;

    /// <summary>Rows handled without emitting before the operator lets its task go on with something else: a fraction of a step.</summary>
    public const int RowsPerCallMax = 8_192;

    /// <summary>Suffixes of one array, as a power of two: a pool of millions grows without ever copying itself.</summary>
    public const int SuffixBlockBits = 12;
}
