namespace Millrace.Runtime.Operators;

/// <summary>Bounds of the window operator.</summary>
static class WindowLimits
{
    /// <summary>Tables of dropped slices kept for new ones.</summary>
    public const int SpareTablesMax = 4;

    /// <summary>Rows handled without emitting before the operator lets its task go on with something else: a fraction of a step.</summary>
    public const int RowsPerCallMax = 8_192;

    /// <summary>Windows of at most so many slices are merged as they fire: that is less work than keeping suffixes.</summary>
    public const int DirectSlicesMax = 4;

    /// <summary>Suffixes of one array, as a power of two: a pool of millions grows without ever copying itself.</summary>
    public const int SuffixBlockBits = 12;
}
