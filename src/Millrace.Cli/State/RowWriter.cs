using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.State.Offline;

namespace Millrace.Cli;

/// <summary>Writes rows as lines of JSON or of comma-separated values, in UTF-8. Used by one thread.</summary>
internal sealed class RowWriter : IDisposable
{
    readonly RowFormat _format;
    readonly StateColumns _columns;
    readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    readonly Utf8JsonWriter _json;

    /// <summary>Begins with the heading, if the format has one.</summary>
    /// <param name="format">JSON or comma-separated values.</param>
    /// <param name="columns">The state.</param>
    public RowWriter(RowFormat format, StateColumns columns)
    {
        _format = format;
        _columns = columns;
        // Rows of any depth were read, and are written.
        _json = new(_bytes, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = int.MaxValue, SkipValidation = true });
        if (format == RowFormat.Csv) WriteLine(columns.FlatNames);
    }

    /// <summary>What was written and not taken away yet.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>Adds a row.</summary>
    public void Write(StateValue.Row row)
    {
        if (_format == RowFormat.Csv)
        {
            // Nothing is told from the empty text by the quotes that this has.
            WriteLine(_columns.FlatCells(row).Select(static c => c is null || c.IsAbsent ? null : c.ToString()));
            return;
        }

        row.WriteTo(_json);
        _json.Flush();
        _json.Reset();
        _bytes.Write("\n"u8);
    }

    /// <summary>Forgets what was taken away.</summary>
    public void Clear() => _bytes.ResetWrittenCount();

    public void Dispose() => _json.Dispose();

    void WriteLine(IEnumerable<string?> cells)
    {
        Encoding.UTF8.GetBytes(string.Join(',', cells.Select(CsvCell)), _bytes);
        _bytes.Write("\n"u8);
    }

    /// <summary>A cell of comma-separated values: nothing for null, quotes where they are needed.</summary>
    public static string CsvCell(string? cell) => cell is null ? "" : Quoted(cell);

    static string Quoted(string cell) =>
        cell.Length > 0 && cell.AsSpan().IndexOfAny(",\"\r\n") < 0 && cell[0] != ' ' && cell[^1] != ' ' ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
