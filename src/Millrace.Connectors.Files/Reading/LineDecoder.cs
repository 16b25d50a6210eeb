using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>Lines as they are.</summary>
internal sealed class LineFormat : RowFormat<string>
{
    public override string Name => "lines of";

    public override IEnumerable<string> Problems => [];

    public override RowDecoder<string> CreateDecoder(MalformedRows malformed) => new LineDecoder(malformed);
}

internal sealed class LineDecoder(MalformedRows malformed) : RowDecoder<string>(malformed)
{
    public override RowStatus Decode(RowCursor cursor, ref BatchWriter<string> batch)
    {
        while (batch.HasRoom)
        {
            RowStatus status = cursor.PeekLine(out int length, out int next);
            if (status != RowStatus.Row) return status;
            if (IsText(cursor, length))
            {
                batch.Add(Encoding.UTF8.GetString(cursor.Span(cursor.At, length)));
                cursor.MoveTo(next);
                continue;
            }

            bool goOn = ReportNotText(cursor, length, ref batch);
            cursor.MoveTo(next);
            if (!goOn) break;
        }

        return RowStatus.Row;
    }
}
