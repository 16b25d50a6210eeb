using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Millrace.Connectors.Network;

/// <summary>Reads the lines of one connection after the other. Connections are made in <see cref="WaitAsync"/>.</summary>
internal sealed class TcpLineReader(TcpLineOptions options, TcpLineSplit split, FunctionContext context) : ISplitReader<string, TcpLineSplit>
{
    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly Counter _reconnects = context.Counters["reconnects"];
    readonly Counter _partialLines = context.Counters["partialLines"];
    TcpLineConnection? _connection;

    // Closed where there is time for it: in the next wait.
    TcpLineConnection? _ended;
    long _lines = split.Lines;
    bool _wasConnected;

    public TcpLineSplit Position => new(_lines);

    public ReadStatus TryRead(ref BatchWriter<string> batch)
    {
        if (_connection is not { } connection || !connection.Reader.TryRead(out ReadResult result)) return ReadStatus.Empty;
        SequenceReader<byte> bytes = new(result.Buffer);
        while (batch.HasRoom && bytes.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n')) Add(ref batch, line);
        bool isFull = !batch.HasRoom;
        if (!isFull && result.IsCompleted) return AtEnd(ref batch, connection, bytes.UnreadSequence);

        if (!isFull && bytes.Remaining > options.LineBytesMax) throw TooLong();
        connection.Reader.AdvanceTo(bytes.Position, isFull ? bytes.Position : result.Buffer.End);
        return isFull ? ReadStatus.More : ReadStatus.Empty;
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_connection is null) await ReconnectAsync(cancellationToken).ConfigureAwait(false);
        PipeReader reader = _connection!.Reader;
        ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        // Nothing is taken or looked at here, so that the next read finds it all.
        reader.AdvanceTo(result.Buffer.Start);
        // A connection whose end is at hand is not quite ended yet: its task says whether it broke.
        if (result.IsCompleted) await _connection.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        _connection = await TcpLineConnection.OpenAsync(options, cancellationToken).ConfigureAwait(false);
        if (_wasConnected) _reconnects.Add(1);
        _wasConnected = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync().ConfigureAwait(false);
        if (_ended is not null) await _ended.DisposeAsync().ConfigureAwait(false);
    }

    ReadStatus AtEnd(ref BatchWriter<string> batch, TcpLineConnection connection, ReadOnlySequence<byte> rest)
    {
        if (!connection.Ended.IsCompleted)
        {
            connection.Reader.AdvanceTo(rest.Start);
            return ReadStatus.Empty;
        }

        if (options.ReconnectAfter is null)
        {
            connection.Ended.GetAwaiter().GetResult();
            if (!rest.IsEmpty) Add(ref batch, rest);
            connection.Reader.AdvanceTo(rest.End);
            return ReadStatus.Finished;
        }

        if (!rest.IsEmpty) _partialLines.Add(1);
        connection.Reader.AdvanceTo(rest.End);
        _connection = null;
        _ended = connection;
        return ReadStatus.Empty;
    }

    async ValueTask ReconnectAsync(CancellationToken cancellationToken)
    {
        if (_ended is not null) await _ended.DisposeAsync().ConfigureAwait(false);
        _ended = null;
        bool isFirst = !_wasConnected;
        while (_connection is null)
        {
            if (!isFirst) await Task.Delay(options.ReconnectAfter!.Value, context.Time, cancellationToken).ConfigureAwait(false);
            isFirst = false;
            try
            {
                await ConnectAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Reconnecting means to wait for the server; the counter of reconnects shows that it is not there.
            }
        }
    }

    void Add(ref BatchWriter<string> batch, ReadOnlySequence<byte> line)
    {
        if (line.Length > options.LineBytesMax + 1) throw TooLong();
        string text;
        try
        {
            text = Strict.GetString(line);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException($"Line {_lines + 1} from {options.Address} is not valid UTF-8: {e.Message} Let the server send UTF-8.", e);
        }

        batch.Add(text.EndsWith('\r') ? text[..^1] : text);
        _lines++;
    }

    InvalidDataException TooLong() => new(
        $"Line {_lines + 1} from {options.Address} is longer than the limit of {options.LineBytesMax:N0} bytes. "
        + "If it is meant to be, raise the limit with .WithLineLimit(bytes).");
}
