namespace Millrace.Storage.S3;

/// <summary>Where a bucket is and how it is asked. Credentials are not here: the SDK's own chain finds them.</summary>
public sealed record S3Options
{
    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What stands before every key.</summary>
    /// <value>Empty, or a key without a slash at its end. The default is empty.</value>
    public string Prefix { get; init; } = "";

    /// <summary>The server, for stores other than Amazon's: <c>http://127.0.0.1:7480</c>.</summary>
    /// <value>Null for Amazon's. The default is null.</value>
    public Uri? Endpoint { get; init; }

    /// <summary>The region.</summary>
    /// <value>Null for that of the environment or profile; with an endpoint, <c>us-east-1</c>. The default is null.</value>
    public string? Region { get; init; }

    /// <summary>Whether the bucket stands in the path instead of the host name.</summary>
    /// <value>Null for yes with an endpoint and no without. The default is null.</value>
    public bool? PathStyle { get; init; }

    /// <summary>The profile of the shared credentials file.</summary>
    /// <value>Null for the usual order: environment, profile, container, instance. The default is null.</value>
    public string? Profile { get; init; }

    /// <summary>How long calls are repeated that may be.</summary>
    /// <value>The default is <see cref="RetryPolicy.Default"/>.</value>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>After this time an attempt counts as unanswered.</summary>
    /// <value>One second to one hour. The default is one minute: a part of 16 MiB then needs 280 KB/s.</value>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Reads what an address says.</summary>
    /// <param name="address">An <c>s3</c> address.</param>
    /// <exception cref="FormatException">An option is not known or its value cannot be read; the message says which.</exception>
    public static S3Options From(StoreAddress address)
    {
        address.AllowOptions("endpoint", "region", "path-style", "profile");
        return new()
        {
            Bucket = address.Place,
            Prefix = address.Path,
            Endpoint = address.Option("endpoint") is { } endpoint ? ReadEndpoint(endpoint) : null,
            Region = address.Option("region"),
            PathStyle = address.Option("path-style") is { } style ? ReadSwitch(style) : null,
            Profile = address.Option("profile"),
        };
    }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is outside its range.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Bucket);
        if (Prefix.Length > 0) ObjectKey.Validate(Prefix);
        Retry.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptTimeout, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AttemptTimeout, TimeSpan.FromHours(1));
    }

    static Uri ReadEndpoint(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0) return uri;
        throw new FormatException($"The option endpoint={text} is no http or https address; write endpoint=http://host:port.");
    }

    static bool ReadSwitch(string text) => bool.TryParse(text, out bool value)
        ? value
        : throw new FormatException($"The option path-style={text} is neither true nor false.");
}
