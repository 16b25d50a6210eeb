namespace Millrace.Connectors.Network;

/// <summary>See <see cref="TcpLineSource"/>.</summary>
internal sealed record TcpLineOptions
{
    const int LineBytesLimit = 1 << 28;

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Null: the input ends with the connection.</summary>
    public TimeSpan? ReconnectAfter { get; init; }

    public int LineBytesMax { get; init; } = 1 << 20;

    public string Address => $"{Host}:{Port}";

    public IEnumerable<string> Problems
    {
        get
        {
            if (string.IsNullOrWhiteSpace(Host)) yield return "the host is empty; give a name or an address";
            if (Port is < 1 or > 65_535) yield return $"the port is {Port}; give 1 to 65,535";
            if (ReconnectAfter is { } after && (after <= TimeSpan.Zero || after > TimeSpan.FromDays(1)))
                yield return $"the time before reconnecting is {after:c}; give more than zero, at most a day";
            if (LineBytesMax is < 1 or > LineBytesLimit)
                yield return $"the line limit is {LineBytesMax} bytes; give 1 to {LineBytesLimit:N0} to WithLineLimit";
        }
    }
}
