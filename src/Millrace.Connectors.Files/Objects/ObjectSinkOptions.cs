using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>What an object sink was told. Immutable.</summary>
internal sealed record ObjectSinkOptions<T>(IObjectStore Store, string Prefix, OutputFormat<T> Format)
{
    /// <summary>Leaves room for buckets and names: a key has at most <see cref="ObjectKey.KeyCharsMax"/>.</summary>
    const int PrefixCharsMax = 256;

    public long ObjectBytesMax { get; init; } = RollingPolicy.DefaultBytes;

    /// <summary>How long an object takes pieces of further checkpoints; zero for those of one alone.</summary>
    public TimeSpan ObjectAgeMax { get; init; }

    /// <summary>Whether an object may be joined from pieces of several checkpoints.</summary>
    public bool Joins => ObjectAgeMax != TimeSpan.Zero;

    /// <summary>Whether an object so old takes no more.</summary>
    public bool IsOld(TimeSpan age) => ObjectAgeMax != Timeout.InfiniteTimeSpan && age >= ObjectAgeMax;

    public Buckets<T>? Bucket { get; init; }

    public SinkKeys Keys => new(Prefix, Format.Extension);

    public IEnumerable<string> Problems
    {
        get
        {
            string key = Prefix.EndsWith('/') ? Prefix[..^1] : Prefix;
            if (Prefix.Length > 0 && ObjectKey.Problem(key) is { } problem) yield return $"the prefix '{Prefix}' {problem}; give one such as sales/2024, or none";
            else if (Prefix.Length > PrefixCharsMax) yield return $"the prefix has {Prefix.Length} characters; give one of at most {PrefixCharsMax}";
            if (ObjectBytesMax < 1) yield return $"objects are to be rolled by a size of {ObjectBytesMax} bytes; give one byte or more to RollBy";
            if (ObjectAgeMax < TimeSpan.Zero && ObjectAgeMax != Timeout.InfiniteTimeSpan)
                yield return $"objects are to be rolled by a time of {ObjectAgeMax}; give zero (every checkpoint) or more to RollBy, or Timeout.InfiniteTimeSpan";
            foreach (string other in Format.Problems) yield return other;
        }
    }
}
