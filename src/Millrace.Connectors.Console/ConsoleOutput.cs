using System.Text;

namespace Millrace.Connectors.Console;

/// <summary>The process's one way to the standard output.</summary>
static class ConsoleOutput
{
    // Guards the standard output between sinks: a batch is written as a whole.
    static readonly Lock Gate = new();

    /// <summary>Writes a text beside the caller.</summary>
    /// <param name="text">Borrowed until the task completes.</param>
    public static async Task WriteAsync(StringBuilder text)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        lock (Gate)
        {
            TextWriter output = System.Console.Out;
            foreach (ReadOnlyMemory<char> chunk in text.GetChunks()) output.Write(chunk.Span);
            output.Flush();
        }
    }
}
