using Millrace.Storage;
using Millrace.Storage.S3;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>What the tool takes from its surroundings, so that tests can stand in for them.</summary>
/// <param name="Output">Where answers go.</param>
/// <param name="Error">Where failures go.</param>
/// <param name="Console">Where tables go.</param>
/// <param name="Time">The clock.</param>
internal sealed record Tool(TextWriter Output, TextWriter Error, IAnsiConsole Console, TimeProvider Time)
{
    /// <summary>The terminal that failures go to, where progress is shown; null when nobody looks on.</summary>
    public IAnsiConsole? Terminal { get; init; }

    /// <summary>Whether answers go to a terminal, which a bar would get into.</summary>
    public bool AnswersOnTerminal => Console.Profile.Out.IsTerminal;

    /// <summary>Clock and chance of stores.</summary>
    public StoreSurroundings Surroundings { get; } = new(Time, NonceSource.FromSystem());

    /// <summary>Opens a store.</summary>
    /// <exception cref="FormatException">The address is none.</exception>
    public async ValueTask<IListableStore> OpenAsync(string address, CancellationToken cancellationToken) =>
        await new ObjectStores(Surroundings).AddS3().OpenAsync(StoreAddress.Parse(address), cancellationToken).ConfigureAwait(false);

    /// <summary>Prints a table; as wide as it needs to be where nobody looks at it on a terminal.</summary>
    public void Print(Table table)
    {
        if (!Console.Profile.Out.IsTerminal) Console.Profile.Width = 4_000;
        Console.Write(table);
    }

    /// <summary>A table without lines, with headings.</summary>
    public static Table Table(params ReadOnlySpan<string> columns)
    {
        Table table = new() { Border = TableBorder.None, UseSafeBorder = true };
        foreach (string column in columns) table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        return table;
    }

    /// <summary>Adds a row of texts, which are no markup.</summary>
    public static void Add(Table table, params ReadOnlySpan<string> cells)
    {
        List<Text> texts = [];
        foreach (string cell in cells) texts.Add(new Text(cell));
        table.AddRow(texts);
    }
}

/// <summary>What was asked for cannot be done; the message says why and what to do.</summary>
/// <param name="why">Sentences.</param>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
internal sealed class ToolException(string why, int exitCode = ExitCodes.Failed) : Exception(why)
{
    public int ExitCode => exitCode;
}
