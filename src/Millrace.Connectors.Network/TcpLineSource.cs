using System.Runtime.CompilerServices;
using Millrace.Connectors.Network;

namespace Millrace;

/// <summary>
/// Reads lines of UTF-8 from a server it connects to, one connection in all, until the server closes it. What a connection gave cannot be
/// read again: after a restart the job goes on with what the server sends then, and what was under way is lost. For experiments and
/// for feeds that may lose lines; it takes no part in any promise of exactly once.
/// </summary>
/// <remarks>Lines end with LF or CRLF. When the reader is behind, the connection is not read and TCP slows the server down.</remarks>
public sealed class TcpLineSource : ISource<string, TcpLineSplit>
{
    readonly TcpLineOptions _options;

    TcpLineSource(TcpLineOptions options) => _options = options;

    /// <inheritdoc/>
    /// <value>True, unless <see cref="Reconnecting"/>.</value>
    public bool IsBounded => _options.ReconnectAfter is null;

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _options.Problems;

    /// <summary>Reads from a server; the input ends when the server closes the connection.</summary>
    /// <param name="host">A name or an address.</param>
    /// <param name="port">1 to 65,535. Validated when the graph is built.</param>
    /// <exception cref="ArgumentNullException"><paramref name="host"/> is null.</exception>
    public static TcpLineSource Connect(string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new(new TcpLineOptions { Host = host, Port = port });
    }

    /// <summary>
    /// The same source without an end: when the connection is closed, breaks or cannot be made, it is made again. A line that was cut off
    /// is dropped and counted in <c>partialLines</c>, connections after the first in <c>reconnects</c>.
    /// </summary>
    /// <param name="after">How long to wait before. More than zero, at most a day. Validated when the graph is built.</param>
    public TcpLineSource Reconnecting(TimeSpan after) => new(_options with { ReconnectAfter = after });

    /// <summary>The same source with another limit for lines; a longer one ends the job.</summary>
    /// <param name="bytes">1 to 256 MiB; the default is 1 MiB. Validated when the graph is built.</param>
    public TcpLineSource WithLineLimit(int bytes) => new(_options with { LineBytesMax = bytes });

    /// <inheritdoc/>
    public async IAsyncEnumerable<TcpLineSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        yield return new TcpLineSplit(0);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The connection cannot be made, and the source is not <see cref="Reconnecting"/>.</exception>
    public async ValueTask<ISplitReader<string, TcpLineSplit>> OpenAsync(
        TcpLineSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        TcpLineReader reader = new(_options, split, context);
        // With reconnecting, the first attempt too belongs to the waiting, so that a job starts before its server does.
        if (_options.ReconnectAfter is null) await reader.ConnectAsync(cancellationToken).ConfigureAwait(false);
        return reader;
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"lines from {_options.Address}";
}

/// <summary>The one connection of a <see cref="TcpLineSource"/>.</summary>
/// <param name="Lines">How many lines were read, for people: they cannot be read again.</param>
public sealed record TcpLineSplit(long Lines) : ISplit
{
    /// <inheritdoc/>
    public string Id => "connection";
}
