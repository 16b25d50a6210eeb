using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.State.Offline;
using Millrace.Tests.State.Snapshots;

namespace Millrace.Tests;

/// <summary>
/// The files in <c>test/golden/&lt;version&gt;</c>: what an engine of that format version wrote, read for ever. They are never written again;
/// <c>MILLRACE_WRITE_GOLDEN=1</c> writes those that are not there.
/// </summary>
static class GoldenFiles
{
    /// <summary>The names of the folders, and the tests that restore those of every version.</summary>
    public static IReadOnlyDictionary<string, Type> Restored { get; } = new Dictionary<string, Type>(StringComparer.Ordinal)
    {
        ["expiring"] = typeof(ExpiringJobTests), ["in-flight"] = typeof(GoldenJobTests), ["job"] = typeof(GoldenJobTests), ["kinds"] = typeof(GoldenKindsTests),
        ["offline"] = typeof(GoldenStateTests), ["snapshot"] = typeof(GoldenSnapshotTests),
    };

    /// <summary>The folder of all versions.</summary>
    public static string Root
    {
        get
        {
            string root = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(root, "Millrace.slnx"))) root = Path.GetDirectoryName(root)!;
            return Path.Combine(root, "test", "golden");
        }
    }

    /// <summary>Whether files that are not there are to be written.</summary>
    public static bool AreWritten => Environment.GetEnvironmentVariable("MILLRACE_WRITE_GOLDEN") == "1";

    /// <summary>The folders of one name in all versions; written first for the present one if so asked and it is not there.</summary>
    /// <param name="version">The present version.</param>
    /// <param name="name">The name.</param>
    /// <param name="write">Writes the folder.</param>
    public static async Task<IReadOnlyList<string>> FoldersAsync(int version, string name, Func<string, Task> write)
    {
        Assert.True(Restored.ContainsKey(name), $"name '{name}' in {nameof(Restored)}");
        string now = Path.Combine(Root, $"{version}", name);
        if (AreWritten && !Directory.Exists(now)) await write(now);
        string[] folders = [.. Directory.GetDirectories(Root).Select(v => Path.Combine(v, name)).Where(Directory.Exists)];
        Assert.NotEmpty(folders);
        return folders;
    }

    /// <summary>Writes a file of a folder.</summary>
    public static async Task SaveAsync(string folder, string key, byte[] bytes)
    {
        string file = Path.Combine(folder, key);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, bytes, CancellationToken.None);
    }

    /// <summary>Puts the files of a folder into a store.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="under">What their keys begin with.</param>
    /// <param name="put">Takes a key and bytes.</param>
    public static async Task LoadAsync(string folder, string under, Func<string, byte[], ValueTask> put)
    {
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
            await put(under + Path.GetRelativePath(folder, file).Replace('\\', '/'), await File.ReadAllBytesAsync(file, CancellationToken.None));
    }
}
