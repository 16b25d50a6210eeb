using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>CSV with a header. The mapping is made once per source, the binder once per header.</summary>
internal sealed class CsvFormat<T>(CsvOptions options) : RowFormat<T>
{
    readonly CsvMapping<T> _mapping = new(options);

    public override string Name => "CSV";

    public override IEnumerable<string> Problems => options.Problems.Concat(_mapping.Problems);

    public override RowDecoder<T> CreateDecoder(MalformedRows malformed) => new CsvDecoder<T>(options, _mapping, malformed);
}

internal sealed class CsvDecoder<T> : RowDecoder<T>
{
    const int ColumnsMax = 1 << 16;

    readonly CsvOptions _options;
    readonly CsvMapping<T> _mapping;
    readonly CsvRowReader _rows;
    CsvRow _row;
    Func<CsvRow, T> _bind;
    string[] _columns = [];
    int? _expected;

    public CsvDecoder(CsvOptions options, CsvMapping<T> mapping, MalformedRows malformed) : base(malformed)
    {
        _options = options;
        _mapping = mapping;
        _rows = new CsvRowReader((byte)options.Delimiter);
        _expected = mapping.ColumnsWithoutHeader;
        _bind = options.HasHeader ? static _ => throw new InvalidOperationException("The header was not read.") : mapping.BindByPosition();
        _row = NewRow();
    }

    public override bool HasHeader => _options.HasHeader;

    public override bool TryReadHeader(RowCursor cursor)
    {
        CsvRow header = new(ColumnsMax, null);
        RowStatus status = _rows.Peek(cursor, header);
        if (status == RowStatus.NeedMore) return false;
        if (status == RowStatus.Done) return true;
        bool isText = status == RowStatus.Row && IsText(cursor, _rows.Length);
        if (status == RowStatus.TooLong || _rows.Problem is not null || !isText)
            throw BadHeader(cursor, status == RowStatus.TooLong ? "it is longer than the line limit" : _rows.Problem ?? NotTextReason);

        _columns = [.. Enumerable.Range(0, header.Count).Select(i => Encoding.UTF8.GetString(header.Field(i)))];
        if (!_mapping.TryBind(_columns, out Func<CsvRow, T>? bind, out string? problem)) throw BadHeader(cursor, problem);
        _bind = bind;
        _expected = _columns.Length;
        _row = NewRow();
        cursor.MoveTo(_rows.Next, _rows.Lines);
        return true;
    }

    public override RowStatus Decode(RowCursor cursor, ref BatchWriter<T> batch)
    {
        CsvRow row = _row;
        while (batch.HasRoom)
        {
            RowStatus status = _rows.Peek(cursor, row);
            if (status != RowStatus.Row) return status;
            bool goOn = _rows.Length == 0 || TryAdd(cursor, row, ref batch);
            cursor.MoveTo(_rows.Next, _rows.Lines);
            if (!goOn) break;
        }

        return RowStatus.Row;
    }

    bool TryAdd(RowCursor cursor, CsvRow row, ref BatchWriter<T> batch)
    {
        int length = _rows.Length;
        if (!IsText(cursor, length)) return ReportNotText(cursor, length, ref batch);
        if (_rows.Problem is { } problem) return Malformed.Report(cursor, length, null, problem, ref batch);
        if (_expected is { } expected && row.Count != expected)
        {
            string found = row.Count > expected ? "more" : $"only {row.Count}";
            return Malformed.Report(cursor, length, null, $"it should have {expected} columns, and has {found}", ref batch);
        }

        T value = _bind(row);
        if (row.HasFailed) return Malformed.Report(cursor, length, ColumnName(row.FailedColumn), row.FailedReason!, ref batch);
        batch.Add(value);
        return true;
    }

    CsvRow NewRow() => new(_expected is { } expected ? expected + 1 : ColumnsMax, _options.DateFormat);

    string ColumnName(int column) => column < _columns.Length ? _columns[column] : $"{column + 1}";

    MalformedRowException BadHeader(RowCursor cursor, string reason) => MalformedRows.Fatal(
        cursor, Math.Min(_rows.Length, cursor.End - cursor.At), "the header cannot be used: " + reason,
        "If the files have no header, say so with CsvOptions { HasHeader = false }.");
}
