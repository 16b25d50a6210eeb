namespace Millrace.Connectors.Files;

/// <summary>What a file sink was told. Immutable.</summary>
internal sealed record FileSinkOptions<T>(string Path, OutputFormat<T> Format)
{
    public bool KeepsExisting { get; init; }

    public RollingPolicy Rolling { get; init; } = new(null, null);

    public Buckets<T>? Bucket { get; init; }

    public IEnumerable<string> Problems
    {
        get
        {
            if (string.IsNullOrWhiteSpace(Path))
            {
                yield return "the path is empty; name a folder, or a file with an extension";
                yield break;
            }

            if ((Rolling.IsGiven || Bucket is not null) && Target.SingleFile is not null)
                yield return $"'{Path}' names one file, which can neither be rolled nor put in buckets; give a folder";
            foreach (string problem in Rolling.Problems.Concat(Format.Problems)) yield return problem;
        }
    }

    /// <summary>Asks the disk whether the path is a folder.</summary>
    public OutputTarget Target => new(Path, Format.Extension);
}
