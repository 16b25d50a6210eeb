using Millrace.Connectors.Console;

namespace Millrace;

/// <summary>Writes records to the standard output.</summary>
public static class ConsoleSink
{
    /// <summary>
    /// Writes each record as a line, a batch at a time. Lines of parallel instances, and of several such sinks, never mix within a line;
    /// the order of lines of one instance is kept. A console that takes no more, such as a full pipe, slows the stream down.
    /// </summary>
    /// <param name="format">Makes the text. Pure; shared by all parallel instances. Null for the record's own text.</param>
    public static ISink<T> Lines<T>(Func<T, string>? format = null) => new ConsoleLines<T>(format ?? (static record => record?.ToString() ?? ""));
}

sealed class ConsoleLines<T>(Func<T, string> format) : ISink<T>
{
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) =>
        new(new ConsoleLineWriter<T>(format));

    public override string ToString() => "console";
}
