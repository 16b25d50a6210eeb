using System.Globalization;
using Millrace.CrashTest;
using Millrace.Runtime;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Storage.S3;

// CrashTest <folder> [--store <address>] [--server <connection string>] [--die-before <n> | --die-after <n>] [--pause <microseconds>]
// Keeps its state and writes its output in the store, if there is one, else in the folder.
// Prints "checkpoint <id>" for each and "ended <how>" at the end; exits with 0 when the job has finished, with 1 and the error otherwise.
string root = args[0];
string? Option(string name) => Array.IndexOf(args, name) is > 0 and int at ? args[at + 1] : null;
int? Number(string name) => Option(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

NonceSource nonces = NonceSource.FromSystem();
ObjectStores stores = new ObjectStores(new(TimeProvider.System, nonces)).AddS3();
StoreAddress? place = Option("--store") is { } address ? StoreAddress.Parse(address) : null;
await using IListableStore state = await stores.OpenAsync(place?.Combine("state") ?? StoreAddress.Parse(Path.Combine(root, "state")), default);
await using IListableStore? output = place is null ? null : await stores.OpenAsync(place.Combine("output"), default);
DurableOptions durable = new()
{
    Store = new KillingStore(state, Number("--die-before") ?? Number("--die-after"), Option("--die-after") is not null),
    OpenStore = async (address, token) => await stores.OpenAsync(StoreAddress.Parse(address), token),
    SavepointRoot = place?.Combine("savepoints").ToString() ?? Path.Combine(root, "savepoints"),
    Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(25) },
    CheckpointTaken = static taken => Console.WriteLine($"checkpoint {taken.Snapshot.Id}"),
    Leader = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
    Tell = Console.Error.WriteLine,
};
try
{
    EmbeddedOptions options = new() { Parallelism = 2, Threads = 2, Nonces = nonces };
    JobResult result = await EmbeddedCluster.StartDurable(CrashJob.Graph(root, output, Option("--server"), Number("--pause") ?? 0), options, durable).Completion;
    Console.WriteLine($"ended {result.Ending}");
    return 0;
}
catch (Exception failure)
{
    Console.Error.WriteLine(failure);
    return 1;
}
