using Flights;
using Flights.Bootstrap;
using Millrace;
using Millrace.State.Offline;
using Millrace.Storage;

// The first argument is the table of minutes, the second the folder of the savepoint; both may be left out. The rest is the flight job's.
string[] own = [.. args.TakeWhile(static a => !a.StartsWith('-'))];
string table = own.ElementAtOrDefault(0) ?? Path.Combine(AppContext.BaseDirectory, "data", "minutes-late.csv");
string folder = own.ElementAtOrDefault(1) ?? Path.Combine("out", "flight-bootstrap");
ObjectStores stores = new(new(TimeProvider.System, NonceSource.FromSystem()));
try
{
    Console.Error.WriteLine(await LastYear.WriteAsync(stores, table, folder)
        ? $"{folder} is a savepoint with the minutes of {table}"
        : $"{folder} has a savepoint already");
}
catch (Exception wrong) when (wrong is IOException or InvalidDataException or UnauthorizedAccessException or SavepointRowException or StoreUnavailableException or FormatException)
{
    Console.Error.WriteLine($"error: {wrong.Message}");
    return ExitCodes.Refused;
}

return await MillraceHost.RunAsync<FlightDelays>(["--from", folder, .. args[own.Length..]]);
