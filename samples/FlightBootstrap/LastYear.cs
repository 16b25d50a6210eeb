using System.Globalization;
using Millrace.State.Offline;
using Millrace.Storage;

namespace Flights.Bootstrap;

/// <summary>Begins the ranking of the flight job with the minutes of the year before, which only a table has.</summary>
public static class LastYear
{
    /// <summary>Writes a savepoint in which the operator <c>top-ten</c> has counted the minutes of a table already.</summary>
    /// <param name="stores">Opens the folder.</param>
    /// <param name="table">A file of comma-separated airports and minutes, with a heading.</param>
    /// <param name="address">The folder of the savepoint.</param>
    /// <returns>False when the folder has one already.</returns>
    /// <exception cref="InvalidDataException">Names the line of the table that is wrong. The folder has no savepoint then.</exception>
    public static async Task<bool> WriteAsync(ObjectStores stores, string table, string address)
    {
        try
        {
            await using SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(stores, address, new() { Job = "flight-delays" });
            // Operator, state and types are those of TopTenSoFar. All airports are in one map, because one instance ranks them all.
            await savepoint.AddMapEntriesAsync("top-ten", "minutes late", ReadAsync(table));
            await savepoint.CompleteAsync();
            return true;
        }
        catch (ObjectExistsException)
        {
            return false;
        }
    }

    static async IAsyncEnumerable<(string Key, string Airport, long MinutesLate)> ReadAsync(string table)
    {
        int number = 0;
        await foreach (string line in File.ReadLinesAsync(table))
        {
            if (++number == 1) continue;
            string[] fields = line.Split(',');
            if (fields.Length != 2 || !long.TryParse(fields[1], CultureInfo.InvariantCulture, out long minutes))
                throw new InvalidDataException($"{table}, line {number}: '{line}' is no airport with its minutes, as JFK,1234 is. Nothing was written; mend the line and start again");
            yield return ("all airports", fields[0], minutes);
        }
    }
}
