using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>Writes the fields of a row, quoted where they must be. Called by compiled delegates. Owned by one writer.</summary>
internal sealed class CsvRowWriter(CsvOptions options)
{
    const string DateFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";
    const int FieldBytes = 256;

    readonly byte _delimiter = (byte)options.Delimiter;
    readonly SearchValues<char> _special = SearchValues.Create([options.Delimiter, '"', '\r', '\n']);
    readonly SearchValues<byte> _specialBytes = SearchValues.Create([(byte)options.Delimiter, (byte)'"', (byte)'\r', (byte)'\n']);
    readonly string _dateFormat = options.DateFormat ?? DateFormat;
    ArrayBufferWriter<byte> _buffer = new();
    int _start;
    bool _isFirst;

    /// <summary>The method that writes fields of a type, taking the value; null when there is none.</summary>
    public static MethodInfo? WriterOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return WriterOf(underlying) is null ? null : Method(nameof(Optional), underlying);
        if (type == typeof(string)) return Method(nameof(Text));
        if (type == typeof(bool)) return Method(nameof(Truth));
        if (type == typeof(DateTime)) return Method(nameof(Date));
        if (type == typeof(DateTimeOffset)) return Method(nameof(Moment));
        if (type == typeof(DateOnly)) return Method(nameof(Day));
        if (type == typeof(TimeOnly)) return Method(nameof(TimeOfDay));
        if (type == typeof(Timestamp)) return Method(nameof(Stamp));
        if (type.IsEnum) return Method(nameof(Choice), type);
        return type.IsAssignableTo(typeof(IUtf8SpanFormattable)) ? Method(nameof(Formatted), type) : null;
    }

    /// <summary>Begins a row at the end of the buffer.</summary>
    public void Begin(ArrayBufferWriter<byte> buffer)
    {
        _buffer = buffer;
        _start = buffer.WrittenCount;
        _isFirst = true;
    }

    /// <summary>Ends the row.</summary>
    public void End()
    {
        // A row of one empty field would be an empty line, which is no row.
        if (_buffer.WrittenCount == _start) _buffer.Write("\"\""u8);
        _buffer.Write("\n"u8);
    }

    public void Text(string? value)
    {
        Separate();
        Write(value);
    }

    public void Truth(bool value) => Text(value ? "true" : "false");

    public void Date(DateTime value) => Format(value, _dateFormat);

    public void Moment(DateTimeOffset value) => Format(value, _dateFormat);

    public void Day(DateOnly value) => Format(value, "O");

    public void TimeOfDay(TimeOnly value) => Format(value, "O");

    // A timestamp beyond the calendar is written as ticks, which is better than to end a job at its last record.
    public void Stamp(Timestamp value)
    {
        if (value.Ticks >= -DateTime.UnixEpoch.Ticks && value.Ticks <= DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) Date(value.ToDateTime());
        else Text(value.ToString());
    }

    public void Choice<T>(T value) where T : struct, Enum => Text(value.ToString());

    public void Formatted<T>(T value) where T : IUtf8SpanFormattable
    {
        if (value is null) Separate();
        else Format(value, null);
    }

    public void Optional<T>(T? value) where T : struct
    {
        if (value is { } some) Writer<T>.Write(this, some);
        else Separate();
    }

    void Format<T>(T value, string? format) where T : IUtf8SpanFormattable
    {
        Separate();
        Span<byte> room = _buffer.GetSpan(FieldBytes);
        int written;
        while (!value.TryFormat(room, out written, format, CultureInfo.InvariantCulture)) room = _buffer.GetSpan(room.Length * 2);
        if (room[..written].ContainsAny(_specialBytes)) Write(Encoding.UTF8.GetString(room[..written]));
        else _buffer.Advance(written);
    }

    void Separate()
    {
        if (!_isFirst) _buffer.Write([_delimiter]);
        _isFirst = false;
    }

    void Write(string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        if (!value.AsSpan().ContainsAny(_special))
        {
            Encoding.UTF8.GetBytes(value, _buffer);
            return;
        }

        _buffer.Write("\""u8);
        Encoding.UTF8.GetBytes(value.Replace("\"", "\"\"", StringComparison.Ordinal), _buffer);
        _buffer.Write("\""u8);
    }

    static MethodInfo Method(string name, params Type[] arguments)
    {
        MethodInfo method = typeof(CsvRowWriter).GetMethod(name)!;
        return arguments.Length == 0 ? method : method.MakeGenericMethod(arguments);
    }

    /// <summary>The writer of a type as a delegate, where it is not called by a compiled delegate directly.</summary>
    static class Writer<T>
    {
        public static readonly Action<CsvRowWriter, T> Write = WriterOf(typeof(T))!.CreateDelegate<Action<CsvRowWriter, T>>();
    }
}
