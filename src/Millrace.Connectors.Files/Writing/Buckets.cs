using System.Globalization;

namespace Millrace.Connectors.Files;

/// <summary>Which folder within the output a record goes to. Shared by all writers.</summary>
internal abstract class Buckets<T>
{
    /// <summary>For plans.</summary>
    public abstract string Name { get; }

    /// <exception cref="InvalidOperationException">The record has no bucket; the message says why.</exception>
    public string Of(T value, Timestamp timestamp)
    {
        string bucket = Find(value, timestamp);
        return bucket is "" || IsFolderName(bucket)
            ? bucket
            : throw new InvalidOperationException(
                $"'{bucket}' cannot be a bucket of files: a bucket is the name of a folder within the output, such as 2024-01-01 or eu/2024-01-01, "
                + "none of whose parts is empty, begins with a dot or has one of \\ : * ? \" < > | ~ in it. Mend the function given to Bucket.");
    }

    protected abstract string Find(T value, Timestamp timestamp);

    static bool IsFolderName(string? bucket)
    {
        if (bucket is null) return false;
        bool isStart = true;
        foreach (char c in bucket)
        {
            if (c < ' ' || c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' or '~' || (isStart && c is '.' or '/')) return false;
            isStart = c == '/';
        }

        return !isStart;
    }
}

/// <summary>By a function of the record.</summary>
internal sealed class ValueBuckets<T>(Func<T, string> of) : Buckets<T>
{
    public override string Name => "by value";

    protected override string Find(T value, Timestamp timestamp) => of(value);
}

/// <summary>By event time.</summary>
internal sealed class EventTimeBuckets<T>(string format) : Buckets<T>
{
    public override string Name => format;

    protected override string Find(T value, Timestamp timestamp) => timestamp.IsNone
        ? throw new InvalidOperationException(
            "Files are to be put in buckets by event time, and the records have no timestamp. Give the stream event time with WithEventTime before the sink, "
            + "or use Bucket with a function of the record.")
        : timestamp.ToDateTime().ToString(format, CultureInfo.InvariantCulture);
}
