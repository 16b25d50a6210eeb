// A job charges cards, and a simulation shows whether it charges any of them twice. The first way of doing it has the bug that most
// such jobs have: the charge is made in passing, so a crash before the next checkpoint makes it again. The second is right.

using Millrace.Samples.CardCharges;
using Millrace.Testing.Simulation;

int seeds = args is [var count] ? int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) : 100;
await ReportAsync<ChargesInPassing>("charged in passing");
await ReportAsync<ChargesInTransactions>("charged in transactions");

async Task ReportAsync<TJob>(string way) where TJob : ISimulatedJob, new()
{
    for (ulong seed = 1; seed <= (ulong)seeds; seed++)
    {
        try
        {
            await Simulation.RunAsync<TJob>(seed);
        }
        catch (SimulationFailedException found)
        {
            Console.WriteLine($"{way}: {found.Message}");
            return;
        }
    }

    Console.WriteLine($"{way}: {seeds} seeds, and each order was charged once in all of them");
}
