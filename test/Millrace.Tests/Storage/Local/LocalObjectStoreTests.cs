using Millrace.Storage;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Storage.Local;

public sealed class LocalObjectStoreTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Fact]
    public async Task Objects_InAFolder_AreFilesOfTheSameNames()
    {
        await using LocalObjectStore store = Open();

        await store.CreateAsync("checkpoints/7-1/_metadata", Stores.Text("{}"), CancellationToken.None);
        await store.PutAsync("HEAD", Stores.Text("3"), CancellationToken.None);

        Assert.Equal(["HEAD", "checkpoints/7-1/_metadata"], Files());
        Assert.Equal("{}", File.ReadAllText(_folder["store/checkpoints/7-1/_metadata"]));
        Assert.Equal($"file://{_folder["store"]}", store.Address);
    }

    [Fact]
    public async Task Upload_UnderWay_IsAHiddenFileThatDisposalRemoves()
    {
        await using LocalObjectStore store = Open();
        IObjectUpload upload = await store.BeginUploadAsync("packs/1", CancellationToken.None);
        await upload.WriteAsync(new byte[1_000], CancellationToken.None);

        StoredObject hidden = Assert.Single(await store.ListHiddenAsync(CancellationToken.None));
        Assert.StartsWith("packs/.new-", hidden.Key, StringComparison.Ordinal);
        Assert.Equal(1_000, hidden.Length);

        await upload.DisposeAsync();
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Hidden_LeftByACrash_IsNoObjectAndCanBeRemoved()
    {
        await using LocalObjectStore store = Open();
        string name = $".new-{new string('a', 32)}";
        _folder.Write($"store/packs/{name}", "half");
        _folder.Write("store/packs/.new-somebody-else", "not ours");

        await foreach (StoredObject found in store.ListAsync("", CancellationToken.None)) Assert.Fail($"{found} was listed");
        StoredObject hidden = Assert.Single(await store.ListHiddenAsync(CancellationToken.None));
        await store.DeleteHiddenAsync(hidden, CancellationToken.None);

        Assert.Equal(["packs/.new-somebody-else"], Files());
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.DeleteHiddenAsync(hidden with { Key = "packs/1" }, CancellationToken.None));
    }

    [Fact]
    public async Task Delete_TheLastOfAFolder_RemovesTheFolderButNotTheRoot()
    {
        await using LocalObjectStore store = Open();
        await store.CreateAsync("a/b/c/1", Stores.Text("x"), CancellationToken.None);
        await store.CreateAsync("a/2", Stores.Text("x"), CancellationToken.None);

        await store.DeleteAsync("a/b/c/1", CancellationToken.None);
        Assert.False(Directory.Exists(_folder["store/a/b"]));
        await store.DeleteAsync("a/2", CancellationToken.None);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["store"]));

        // What was remembered of the folders is forgotten.
        Assert.Equal(CreateOutcome.Created, await store.CreateAsync("a/b/c/1", Stores.Text("y"), CancellationToken.None));
    }

    [Fact]
    public async Task Folders_MadeAndRemovedByTwoStores_LoseNoCreation()
    {
        await using LocalObjectStore one = Open(), two = Open();
        async Task LifeAsync(LocalObjectStore store, string name)
        {
            for (int i = 0; i < 300; i++)
            {
                Assert.Equal(CreateOutcome.Created, await store.CreateAsync($"deep/folder/{name}", Stores.Text(name), CancellationToken.None));
                Assert.Equal(Stores.Text(name), await store.TryGetAsync($"deep/folder/{name}", CancellationToken.None));
                await store.DeleteAsync($"deep/folder/{name}", CancellationToken.None);
            }
        }

        await Task.WhenAll(LifeAsync(one, "one"), LifeAsync(two, "two"), LifeAsync(one, "three"));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Names_OfTwoStoresWithOneSeed_DoNotCollide()
    {
        await using LocalObjectStore one = new(_folder["store"], Stores.Nonces(7)), two = new(_folder["store"], Stores.Nonces(7));

        await using IObjectUpload first = await one.BeginUploadAsync("p/1", CancellationToken.None);
        await using IObjectUpload second = await two.BeginUploadAsync("p/2", CancellationToken.None);

        Assert.Equal(2, (await one.ListHiddenAsync(CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Root_ThatIsAFile_IsNamedWithTheRemedy()
    {
        string file = _folder.Write("store", "a file");
        await using LocalObjectStore store = Open();

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CreateAsync("a/1", default, CancellationToken.None));

        Assert.True(refused.IsUnchanged);
        Assert.Contains($"{file} is a file where a folder should be", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_WithoutPermission_IsNamedWithTheRemedy()
    {
        // Even root may not make files in /proc.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no folder on this system that even root may not write to.");
        await using LocalObjectStore store = new("/proc/self/millrace", Stores.Nonces());

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.PutAsync("a/1", default, CancellationToken.None));

        Assert.StartsWith("file:///proc/self/millrace is not available for writing a/1: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("/proc/self/millrace", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Root_ThatIsRelative_IsRefused() => Assert.Throws<ArgumentException>(() => new LocalObjectStore("state", Stores.Nonces()));

    [Fact]
    public async Task Dispose_WithCallsUnderWay_FinishesThemAndRefusesNewOnes()
    {
        LocalObjectStore store = Open();
        Task<CreateOutcome>[] calls = [.. Enumerable.Range(0, 50).Select(i => store.CreateAsync($"a/{i}", Stores.Text("x"), CancellationToken.None).AsTask())];
        await store.DisposeAsync();

        Assert.All(await Task.WhenAll(calls), static outcome => Assert.Equal(CreateOutcome.Created, outcome));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.TryGetAsync("a/1", CancellationToken.None));
        await store.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    LocalObjectStore Open() => new(_folder["store"], NonceSource.FromSystem());

    string[] Files() => [.. Directory.EnumerateFiles(_folder["store"], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder["store"], f)).Order(StringComparer.Ordinal)];
}
