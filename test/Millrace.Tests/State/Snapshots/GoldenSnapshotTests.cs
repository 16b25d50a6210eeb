using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

/// <summary>
/// The files in <c>test/golden/&lt;version&gt;</c> are what an engine of that format version wrote. Those of every version are read for ever; those
/// of the current one are written again and compared, so that no byte changes unawares.
/// </summary>
public sealed class GoldenSnapshotTests
{
    const string Folder = "snapshot";

    static readonly CancellationToken Never = CancellationToken.None;

    static readonly TestRow[] Rows =
    [
        new(0, [], [], []),
        new(7, [2], SnapshotSamples.Number(-3), SnapshotSamples.Number(100)),
        new(7, [2], SnapshotSamples.Number(4), SnapshotSamples.Number(200)),
        new(7, [3], SnapshotSamples.Number(4), null),
        new(0x1234_5678, [4], SnapshotSamples.Number(5), new byte[300]),
        new(uint.MaxValue, [5], [], [.. "the last row"u8]),
    ];

    // Raw and LZ4 are this engine's own bytes; Brotli's are the framework's, which may find a shorter form any day.
    static async Task<MemoryStore> MakeAsync()
    {
        MemoryStore store = new();
        List<WorkerPart> workers = [];
        foreach ((int worker, SnapshotCompression compression) in new[] { (0, SnapshotCompression.None), (1, SnapshotCompression.Fast) })
        {
            await using PackWriter writer = new(store, Folder + "/", SnapshotSamples.Origin(9, worker), new PackOptions { Compression = compression, BlockBytes = 40 });
            KeyRange range = KeyRange.Full;
            StateSchema schema = worker == 0 ? SnapshotSamples.Panes : SnapshotSamples.Panes with { Name = "compressed" };
            RunEntry run = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(schema, 9, range), Rows);
            StateEntry state = new() { Schema = schema, Runs = [run] };
            SlicePart slice = new() { OperatorId = "orders", Subtask = worker, Range = range, Watermark = Timestamp.UnixEpoch, States = [state] };
            workers.Add(new WorkerPart(await writer.CompleteAsync(Never), [worker == 0 ? slice : slice with { Watermark = Timestamp.None }]));
        }

        SnapshotManifest manifest = ManifestBuilder.Build(new SnapshotDraft
        {
            Id = 9,
            Kind = SnapshotKind.Savepoint,
            Job = "revenue",
            Timeline = "00112233445566778899aabbccddeeff",
            Attempt = SnapshotSamples.Attempt,
            TakenAt = DateTimeOffset.UnixEpoch,
            Engine = "0.1.0",
            Fingerprint = "f00d",
            Operators = [new OperatorDraft("orders", "Process", 2)],
            Workers = workers,
        });
        store.Objects[$"{Folder}/_metadata"] = ManifestJson.Write(manifest);
        return store;
    }

    // MILLRACE_WRITE_GOLDEN=1 writes the files of a new format version; those of a released one are never written again.
    [Fact]
    public async Task Write_OfTheGoldenSnapshot_GivesTheCommittedBytes()
    {
        MemoryStore store = await MakeAsync();
        string folder = Path.Combine(GoldenFiles.Root, $"{FormatVersion.Pack}");
        if (GoldenFiles.AreWritten) Save(store, folder);
        string[] files = [.. Directory.GetFiles(Path.Combine(folder, Folder), "*", SearchOption.AllDirectories)];
        Assert.Equal(store.Objects.Keys.Order(StringComparer.Ordinal), files.Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.All(store.Objects, o => Assert.Equal(File.ReadAllBytes(Path.Combine(folder, o.Key)), o.Value));
    }

    [Fact]
    public async Task Read_OfEveryGoldenSnapshot_GivesItsRows()
    {
        string[] versions = [.. Directory.GetDirectories(GoldenFiles.Root).Where(static d => Directory.Exists(Path.Combine(d, Folder)))];
        Assert.NotEmpty(versions);
        foreach (string version in versions)
        {
            MemoryStore store = new();
            foreach (string file in Directory.GetFiles(Path.Combine(version, Folder), "*", SearchOption.AllDirectories))
            {
                store.Objects[Path.GetRelativePath(version, file).Replace('\\', '/')] = await File.ReadAllBytesAsync(file, Never);
            }

            SnapshotReader snapshot = await SnapshotReader.OpenAsync(store, $"{Folder}/_metadata", null, Never);
            Assert.Empty(await SnapshotVerifier.VerifyAsync(snapshot, null, store, Never));
            foreach (string state in new[] { "panes", "compressed" })
            {
                List<string> rows = await SnapshotSamples.ReadAsync(await snapshot.OpenStateAsync("orders", state, KeyRange.Full, Never));
                Assert.Equal(Rows.Where(static r => r.Value is not null).Select(static r => r.Text), rows);
            }
        }
    }

    static void Save(MemoryStore store, string folder)
    {
        foreach ((string key, byte[] bytes) in store.Objects)
        {
            string file = Path.Combine(folder, key);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }
}
