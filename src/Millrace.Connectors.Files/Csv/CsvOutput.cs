using System.Buffers;
using System.Linq.Expressions;

namespace Millrace.Connectors.Files;

/// <summary>CSV with a header; compiled once per sink into one delegate that writes all fields of a record.</summary>
internal sealed class CsvOutput<T> : OutputFormat<T>
{
    readonly CsvOptions _options;
    readonly IReadOnlyList<CsvMember> _members;
    readonly Lazy<Action<CsvRowWriter, T>> _write;

    public CsvOutput(CsvOptions options)
    {
        _options = options;
        _members = CsvRowWriter.WriterOf(typeof(T)) is null ? CsvMember.ToWrite(typeof(T)) : [];
        _write = new(Compile);
    }

    public override string Name => "CSV to";

    public override string Extension => ".csv";

    public override IEnumerable<string> Problems => _options.Problems.Concat(_members.Count == 0
        ? [$"{typeof(T).Name} has no public properties to be columns of CSV; use a record, or FileSink.Lines for single values"]
        : _members.Where(static m => CsvRowWriter.WriterOf(m.Type) is null).Select(static m =>
            $"{m.Type.Name}, the type of {typeof(T).Name}.{m.Source!.Name}, cannot be a CSV field; use text, numbers, dates or enums, "
            + "or select a flat record before the sink"));

    public override RowEncoder<T> CreateEncoder() => new Encoder(_options, [.. _members.Select(static m => m.Column)], _write.Value);

    Action<CsvRowWriter, T> Compile()
    {
        ParameterExpression writer = Expression.Parameter(typeof(CsvRowWriter), "writer");
        ParameterExpression record = Expression.Parameter(typeof(T), "record");
        var fields = _members.Select(m => Expression.Call(writer, CsvRowWriter.WriterOf(m.Type)!, Expression.MakeMemberAccess(record, m.Source!)));
        return Expression.Lambda<Action<CsvRowWriter, T>>(Expression.Block(typeof(void), fields), writer, record).Compile();
    }

    sealed class Encoder(CsvOptions options, string[] columns, Action<CsvRowWriter, T> write) : RowEncoder<T>
    {
        readonly CsvRowWriter _row = new(options);

        public override void Begin(ArrayBufferWriter<byte> buffer)
        {
            if (!options.HasHeader) return;
            _row.Begin(buffer);
            foreach (string column in columns) _row.Text(column);
            _row.End();
        }

        public override void Encode(T value, ArrayBufferWriter<byte> buffer)
        {
            _row.Begin(buffer);
            write(_row, value);
            _row.End();
        }
    }
}
