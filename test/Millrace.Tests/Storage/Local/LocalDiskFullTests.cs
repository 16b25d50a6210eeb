using System.Diagnostics;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Storage.Local;

public sealed class LocalDiskFullTests : IDisposable
{
    readonly TempFolder _folder = new();
    bool _isMounted;

    [Fact]
    public async Task Create_OnAFullDisk_IsRefusedWithTheRemedyAndLeavesNothing()
    {
        Directory.CreateDirectory(_folder["disk"]);
        _isMounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _folder["disk"]);
        Assert.SkipUnless(_isMounted, "A small file system cannot be mounted here: that takes root on Linux.");
        await using LocalObjectStore store = new(_folder["disk/store"], Stores.Nonces());

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CreateAsync("a/1", new byte[2 << 20], CancellationToken.None));

        Assert.True(refused.IsUnchanged);
        Assert.Contains("make room on the disk of", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder["disk"], "*", SearchOption.AllDirectories));
        Assert.Equal(CreateOutcome.Created, await store.CreateAsync("a/1", new byte[1_000], CancellationToken.None));
    }

    public void Dispose()
    {
        if (_isMounted) Assert.True(Run("umount", _folder["disk"]));
        _folder.Dispose();
    }

    static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
