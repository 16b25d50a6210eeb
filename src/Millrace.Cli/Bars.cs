using Spectre.Console;

namespace Millrace.Cli;

/// <summary>Shows on the standard error that long work goes on, where that is a terminal. The standard output is for answers alone.</summary>
internal static class Bars
{
    /// <summary>Shows how far work has come.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="doing">What is done.</param>
    /// <param name="work">Does it, and reports the share that is done, 0 to 1, with what to call it.</param>
    public static async Task<T> ShowAsync<T>(Tool tool, string doing, Func<Action<double, string>, Task<T>> work)
    {
        if (tool.Terminal is not { } bars) return await work(static (_, _) => { }).ConfigureAwait(false);
        return await bars.Progress().AutoClear(true).StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask(Markup.Escape(doing), maxValue: 1);
            return await work((share, text) => (bar.Value, bar.Description) = (share, Markup.Escape(text))).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Shows that something is waited for of which nobody knows how long it takes.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="doing">What is waited for.</param>
    /// <param name="work">Waits. What it writes comes after the bar.</param>
    public static async Task<int> WaitAsync(Tool tool, string doing, Func<TextWriter, TextWriter, Task<int>> work)
    {
        if (tool.Terminal is not { } bars) return await work(tool.Output, tool.Error).ConfigureAwait(false);
        StringWriter output = new(System.Globalization.CultureInfo.InvariantCulture), error = new(System.Globalization.CultureInfo.InvariantCulture);
        int exitCode = await bars.Status().StartAsync(Markup.Escape(doing), _ => work(output, error)).ConfigureAwait(false);
        await tool.Output.WriteAsync(output.ToString()).ConfigureAwait(false);
        await tool.Error.WriteAsync(error.ToString()).ConfigureAwait(false);
        return exitCode;
    }
}
