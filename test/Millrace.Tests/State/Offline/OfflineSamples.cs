using System.Globalization;
using Millrace.Cli;
using Millrace.State.Offline;
using Millrace.Storage;
using Millrace.Testing;
using Millrace.Tests.Hosting;
using Spectre.Console;

namespace Millrace.Tests.State.Offline;

/// <summary>A savepoint of every kind of state, made without a job, and the tool that reads it.</summary>
static class OfflineSamples
{
    internal enum Grade { Bronze = 1, Gold = 3 }

    internal sealed record Customer(string Region, int Id);

    internal sealed record Account(decimal Balance, Grade Grade, string? Note, DateOnly Since, string[] Tags);

    internal static readonly KeyValue<Customer, Account>[] Accounts =
    [
        new(new("EU", 1), new(10.50m, Grade.Bronze, null, new(2024, 1, 31), [])),
        new(new("EU", 2), new(99m, Grade.Gold, "says \"hello\", twice", new(2023, 5, 1), ["a", "b"])),
        new(new("US", 1), new(-3m, (Grade)7, "", new(2020, 2, 29), ["vip"])),
    ];

    /// <summary>Stores with a fixed clock and series of names: what is written is the same every time.</summary>
    internal static ObjectStores Stores => new(new(new ManualTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)), new NonceSource(7)));

    internal static async Task WriteAsync(string folder, Func<SavepointBuilder, Task>? more = null, int sortBytes = 1 << 20)
    {
        await using SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, folder, new() { Job = "bank", SortBytes = sortBytes });
        await savepoint.AddValuesAsync("accounts", "account", Accounts.ToAsyncEnumerable());
        await savepoint.AddListsAsync("accounts", "visits", new[] { new KeyValue<string, IReadOnlyList<int>>("ann", [.. Enumerable.Range(0, 600)]), new("bob", [5]) }.ToAsyncEnumerable());
        await savepoint.AddMapEntriesAsync("accounts", "limits", new[] { ("ann", "card", 500m), ("bob", "cash", 20m), ("ann", "atm", 100m) }.ToAsyncEnumerable());
        await savepoint.AddTimersAsync("accounts", "expiry", new KeyValue<string, Timestamp>[] { new("ann", new DateTime(2030, 1, 1)), new("bob", new DateTime(2031, 1, 1)) }.ToAsyncEnumerable(), TimerStateKind.EventTimer);
        await savepoint.AddTimersAsync("accounts", "reminders", new KeyValue<string, Timestamp>[] { new("ann", new DateTime(2030, 1, 1)), new("ann", new DateTime(2030, 2, 1)) }.ToAsyncEnumerable(), TimerStateKind.ProcessingTimerSet);
        await savepoint.AddValuesAsync("totals", SavepointBuilder.FoldState, Enumerable.Range(0, 1_000).Select(static n => new KeyValue<int, long>(n, n * 10L)).ToAsyncEnumerable(), ValueStateKind.Fold);
        if (more is not null) await more(savepoint);
        await savepoint.CompleteAsync();
    }

    internal static async Task<HostOutcome> RunAsync(params string[] words)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        int exitCode = await ToolCommands.RunAsync(new Tool(output, error, console, TimeProvider.System), words, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
