using System.Text.Json;

namespace Millrace.Connectors.Files;

/// <summary>A JSON value per line.</summary>
internal sealed class JsonFormat<T>(JsonSerializerOptions options) : RowFormat<T>
{
    public override string Name => "JSON lines of";

    public override IEnumerable<string> Problems => [];

    public override RowDecoder<T> CreateDecoder(MalformedRows malformed) => new JsonDecoder<T>(malformed, options);
}

internal sealed class JsonDecoder<T>(MalformedRows malformed, JsonSerializerOptions options) : RowDecoder<T>(malformed)
{
    public override RowStatus Decode(RowCursor cursor, ref BatchWriter<T> batch)
    {
        while (batch.HasRoom)
        {
            RowStatus status = cursor.PeekLine(out int length, out int next);
            if (status != RowStatus.Row) return status;
            bool goOn = IsBlank(cursor.Span(cursor.At, length)) || TryAdd(cursor, length, ref batch);
            cursor.MoveTo(next);
            if (!goOn) break;
        }

        return RowStatus.Row;
    }

    static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0;

    bool TryAdd(RowCursor cursor, int length, ref BatchWriter<T> batch)
    {
        if (!IsText(cursor, length)) return ReportNotText(cursor, length, ref batch);
        string reason = "it is null, not a record";
        try
        {
            if (JsonSerializer.Deserialize<T>(cursor.Span(cursor.At, length), options) is { } value)
            {
                batch.Add(value);
                return true;
            }
        }
        catch (JsonException e)
        {
            reason = e.Message;
        }

        return Malformed.Report(cursor, length, null, reason, ref batch);
    }
}
