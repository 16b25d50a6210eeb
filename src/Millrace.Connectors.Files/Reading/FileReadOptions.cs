using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>How files are read; see the options of <see cref="FileSource{T}"/>.</summary>
internal sealed record FileReadOptions
{
    const int LineBytesLimit = 1 << 30;

    // A byte order mark and the beginning of the first line have to be in the first range together.
    const int RangeBytesMin = 16;

    public required string Path { get; init; }

    public bool InOrder { get; init; }

    public long? RangeBytes { get; init; } = 64L << 20;

    /// <summary>Null for UTF-8.</summary>
    public Encoding? Encoding { get; init; }

    public int LineBytesMax { get; init; } = 16 << 20;

    /// <summary>Whether malformed rows are counted rather than the end of the job.</summary>
    public bool KeepsGoing { get; init; }

    /// <summary>Where malformed rows go; null when they are counted only.</summary>
    public SideOutput<MalformedRow>? Malformed { get; init; }

    // ASCII is UTF-8 already, and every UTF-8 object means the same bytes.
    public bool IsUtf8 => Encoding is null or { CodePage: 65001 or 20127 };

    public IEnumerable<string> Problems
    {
        get
        {
            if (string.IsNullOrWhiteSpace(Path)) yield return "the path is empty; name a file, a folder or a pattern such as data/*.csv";
            if (RangeBytes < RangeBytesMin)
                yield return $"the ranges are {RangeBytes} bytes; give {RangeBytesMin} or more to InRanges, or use WithoutRanges";
            if (LineBytesMax is < 1 or > LineBytesLimit)
                yield return $"the line limit is {LineBytesMax} bytes; give 1 to {LineBytesLimit:N0} to WithLineLimit";
        }
    }
}
