using System.Text;

namespace Millrace.Hosting;

/// <summary>Stands before the standard output while progress is drawn on the same terminal, so that lines and progress keep apart. Thread-safe.</summary>
internal sealed class ConsoleSideWriter(TextWriter output, ErrorLines lines) : TextWriter
{
    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => lines.WriteBeside(output, [value]);

    public override void Write(ReadOnlySpan<char> buffer) => lines.WriteBeside(output, buffer);

    public override void Write(char[] buffer, int index, int count) => lines.WriteBeside(output, buffer.AsSpan(index, count));

    public override void Write(string? value) => lines.WriteBeside(output, value);

    public override void WriteLine(string? value) => lines.WriteBeside(output, value + CoreNewLineText);

    public override void Flush() => output.Flush();

    string CoreNewLineText => new(CoreNewLine);
}
