using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Testing.Stores;

namespace Millrace.Tests;

/// <summary>No file below <c>test/golden</c> is there for nothing: each is named by a snapshot that is read, and each snapshot has a test that restores it.</summary>
public sealed class GoldenCoverageTests
{
    static readonly CancellationToken s_never = CancellationToken.None;

    public static TheoryData<string> Folders => [.. Directory.GetDirectories(GoldenFiles.Root).SelectMany(Directory.GetDirectories).Select(static f => Path.GetRelativePath(GoldenFiles.Root, f).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Snapshot_IsRestoredByATest_AndEveryFileOfItIsRead(string folder)
    {
        Assert.True(GoldenFiles.Restored.ContainsKey(Path.GetFileName(folder)), $"no test restores test/golden/{folder}: write one and name it in {nameof(GoldenFiles)}.{nameof(GoldenFiles.Restored)}");
        MemoryObjectStore store = new(TimeProvider.System);
        await GoldenFiles.LoadAsync(Path.Combine(GoldenFiles.Root, folder), "golden/", (key, bytes) => store.PutAsync(key, bytes, s_never));
        SnapshotReader reader = await SnapshotReader.OpenAsync(store, "golden/_metadata", null, s_never);

        Assert.Equal(SnapshotKind.Savepoint, reader.Manifest.Kind);
        string[] named = ["golden/_metadata", .. reader.Manifest.Packs.Select(static p => $"golden/{p.Key}")];
        Assert.Equal(named.Order(StringComparer.Ordinal), store.Keys);
        Assert.Empty(await SnapshotVerifier.VerifyAsync(reader, null, store, s_never));
        // Its rows were made to measure the format, and are no values of a type.
        if (Path.GetFileName(folder) == "snapshot") return;
        await using StateSnapshot snapshot = new(reader);
        foreach (OperatorEntry op in reader.Manifest.Operators)
            foreach (StateEntry state in op.States)
                await foreach (StateValue.Row row in snapshot.ReadAsync(op.Id, state.Schema.Name, cancellationToken: s_never)) Assert.NotEmpty(row.ToJson());
    }

    [Fact]
    public void Folders_HaveNothingElse_AndEveryTestHasItsSnapshot()
    {
        foreach (string version in Directory.GetDirectories(GoldenFiles.Root))
        {
            Assert.Matches("^[1-9][0-9]*$", Path.GetFileName(version));
            Assert.Empty(Directory.GetFiles(version));
        }

        Assert.Empty(Directory.GetFiles(GoldenFiles.Root));
        string now = Path.Combine(GoldenFiles.Root, $"{Math.Max(FormatVersion.Pack, FormatVersion.Manifest)}");
        Assert.Equal(GoldenFiles.Restored.Keys.Order(StringComparer.Ordinal), Directory.GetDirectories(now).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        // The tests that are named take their folder by its name.
        foreach ((string name, Type test) in GoldenFiles.Restored)
        {
            string source = Path.Combine(GoldenFiles.Root, "..", "Millrace.Tests", $"{test.FullName!["Millrace.Tests.".Length..].Replace('.', '/')}.cs");
            Assert.Contains($"\"{name}\"", File.ReadAllText(source), StringComparison.Ordinal);
        }
    }
}
