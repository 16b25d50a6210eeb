using Millrace.Cli;
using Spectre.Console;

return await ToolCommands.RunAsync(new Tool(Console.Out, Console.Error, AnsiConsole.Console, TimeProvider.System), args);
