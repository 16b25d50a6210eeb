using Millrace;
using Millrace.Cli;
using Spectre.Console;

// Only a terminal understands bold, whatever the environment promises.
IAnsiConsole console = Console.IsOutputRedirected
    ? AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No })
    : AnsiConsole.Console;
IAnsiConsole? terminal = Console.IsErrorRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
using StopSignals signals = new();
int exitCode = await ToolCommands.RunAsync(new Tool(Console.Out, Console.Error, console, TimeProvider.System) { Terminal = terminal }, args, signals.Asked);
return exitCode == ExitCodes.Cancelled ? signals.ExitCode : exitCode;
