using System.Globalization;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using Millrace.Tests.Samples;

namespace Millrace.Tests.Storage.Local;

/// <summary>Processes that write to one folder, and die in the middle of it.</summary>
public sealed class LocalCrashTests : IDisposable
{
    // Every process creates the same keys, with its own name as content, and says which it got.
    const string Writer = """
        #pragma warning disable MR9001
        await using var store = new Millrace.Storage.LocalObjectStore(args[0], Millrace.Storage.NonceSource.FromSystem());
        Console.WriteLine("ready");
        for (int i = 0; ; i++)
        {
            byte[] content = new byte[20_000 + i];
            Array.Fill(content, byte.Parse(args[1]));
            if (await store.CreateAsync($"race/{i % 7}/{i}", content, CancellationToken.None) == Millrace.Storage.CreateOutcome.Created) Console.WriteLine($"got {i}");
            if (i == 300) Console.WriteLine("enough");
        }
        """;

    readonly TempFolder _folder = new();

    [Fact]
    public async Task Create_ByKilledProcesses_IsWholeAndWonOnce()
    {
        Directory.CreateDirectory(_folder["program"]);
        string program = ChildProgram.Compile(_folder["program"], Writer);
        SampleProcess[] writers = [.. Enumerable.Range(1, 2).Select(name => SampleProcess.Start(program, _folder.Root, _folder["store"], $"{name}"))];
        HashSet<int>[] got = await Task.WhenAll(writers.Select(KillInTheMiddleAsync));

        Assert.Empty(got[0].Intersect(got[1]));
        Assert.NotEmpty(got[0].Union(got[1]));
        await using LocalObjectStore store = new(_folder["store"], Stores.Nonces());
        Dictionary<int, byte> winners = [];
        await foreach (StoredObject found in store.ListAsync("race/", CancellationToken.None))
        {
            int i = int.Parse(found.Key.Split('/')[2], CultureInfo.InvariantCulture);
            byte[] content = (await store.TryGetAsync(found.Key, CancellationToken.None))!;
            Assert.Equal(20_000 + i, content.Length);
            winners[i] = Assert.Single(content.Distinct());
        }

        for (int writer = 0; writer < 2; writer++)
            Assert.All(got[writer], i => Assert.Equal(writer + 1, winners[i]));
    }

    public void Dispose() => _folder.Dispose();

    static async Task<HashSet<int>> KillInTheMiddleAsync(SampleProcess writer)
    {
        using (writer)
        {
            await writer.WaitForLineAsync("ready");
            HashSet<int> got = [];
            await foreach (string line in writer.LinesAsync())
            {
                if (line == "enough") writer.Kill("KILL");
                else got.Add(int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture));
            }

            return got;
        }
    }
}
