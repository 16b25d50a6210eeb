namespace Millrace.State.Codecs;

/// <summary>Bounds on encoded values.</summary>
public static class CodecLimits
{
    /// <summary>How deep values of recursive types may nest, in levels of the recursive type. A list of nodes counts every node.</summary>
    public const int DepthMax = 256;

    /// <summary>
    /// How deep readers follow. Where types contain each other, a reader of another type than was written may count another of them, and so a few more.
    /// </summary>
    internal const int ReadDepthMax = DepthMax + 16;

    /// <summary>How deep types may nest. A generic type may contain itself with other arguments, and so have no end.</summary>
    internal const int TypeDepthMax = 64;

    /// <summary>Elements for which memory is set aside before any of them is read; corrupt counts must not cost memory.</summary>
    internal const int PreallocatedElementsMax = 4_096;
}
