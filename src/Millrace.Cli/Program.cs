using Millrace.Cli;
using Spectre.Console;

// Only a terminal understands bold, whatever the environment promises.
IAnsiConsole console = Console.IsOutputRedirected
    ? AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No })
    : AnsiConsole.Console;
return await ToolCommands.RunAsync(new Tool(Console.Out, Console.Error, console, TimeProvider.System), args);
