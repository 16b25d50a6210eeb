namespace Millrace.Hosting;

/// <summary>The process as the host sees it, so that tests can stand in for it.</summary>
internal sealed record HostProcess
{
    /// <summary>Where help and plans go.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Where everything else goes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether the error writer is a terminal, on which a line can be drawn over.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether console sinks write to the same terminal.</summary>
    public bool IsOutputTerminal { get; init; }

    /// <summary>How many characters fit a line of the terminal.</summary>
    public Func<int> Width { get; init; } = static () => 80;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Ends the process.</summary>
    public Action<int> Exit { get; init; } = Environment.Exit;

    /// <summary>This process, with what the options replace.</summary>
    public static HostProcess Of(HostOptions options) => new()
    {
        Output = options.Output ?? Console.Out,
        Error = options.Error ?? Console.Error,
        IsTerminal = options.Error is null && !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        IsOutputTerminal = !Console.IsOutputRedirected,
        Width = WidthOfTerminal,
        Time = options.Time,
    };

    static int WidthOfTerminal()
    {
        try
        {
            // Zero is what a terminal without a size says.
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
