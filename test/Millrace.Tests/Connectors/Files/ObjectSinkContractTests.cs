using Millrace.Storage;
using Millrace.Testing.Contracts;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.S3;

namespace Millrace.Tests.Connectors.Files;

/// <summary>What every sink of objects promises, over a store of each kind; and that it never lists.</summary>
public abstract class ObjectSinkContract : TransactionalSinkContract<Sale, ObjectPart, ObjectPrepared>
{
    protected override IReadOnlyList<Sale> Records { get; } = [.. Enumerable.Range(0, 9).Select(static i => new Sale(i, "item, " + i, i / 2m, null))];

    protected override async ValueTask<TransactionalSinkTarget<Sale, ObjectPart, ObjectPrepared>> CreateAsync() => new Target(await OpenAsync(), Create, Clean, ShowsEveryPart);

    protected virtual bool ShowsEveryPart => true;

    protected virtual ValueTask<IListableStore> OpenAsync() => new(Stores.Memory());

    protected virtual ObjectSink<Sale> Create(IObjectStore store) => ObjectSink.Csv<Sale>(store, "out/sales");

    protected virtual void Clean()
    {
    }

    sealed class Target(IListableStore store, Func<IObjectStore, ObjectSink<Sale>> create, Action clean, bool showsEveryPart) : TransactionalSinkTarget<Sale, ObjectPart, ObjectPrepared>
    {
        readonly CountingStore _counted = new(store);

        public override int Parallelism => 3;

        public override bool ShowsEveryPart => showsEveryPart;

        public override bool IsReplacedByFreshRuns => false;

        public override ObjectSink<Sale> Create() => create(_counted);

        public override async ValueTask<IReadOnlyList<Sale>> ReadAsync() => await store.ReadSalesAsync("out/sales/");

        public override async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            clean();
            Assert.Equal(0, _counted.Counts.Lists);
        }
    }
}

/// <summary>An object per checkpoint: the defaults.</summary>
public sealed class MemoryObjectSinkContractTests : ObjectSinkContract;

/// <summary>Many objects per part.</summary>
public sealed class SmallObjectsContractTests : ObjectSinkContract
{
    protected override ObjectSink<Sale> Create(IObjectStore store) => base.Create(store).RollBy(40);
}

/// <summary>Several open objects, in buckets.</summary>
public sealed class BucketedObjectsContractTests : ObjectSinkContract
{
    protected override ObjectSink<Sale> Create(IObjectStore store) => base.Create(store).Bucket(static s => s.Id % 3 == 0 ? "" : $"of/{s.Id % 3}");
}

/// <summary>Objects joined from the pieces of many checkpoints.</summary>
public sealed class JoinedObjectsContractTests : ObjectSinkContract
{
    protected override bool ShowsEveryPart => false;

    protected override ObjectSink<Sale> Create(IObjectStore store) => base.Create(store).RollBy(time: TimeSpan.FromHours(1));
}

/// <summary>Joined as well, several at a time, some of them complete by their size.</summary>
public sealed class JoinedBucketsContractTests : ObjectSinkContract
{
    protected override bool ShowsEveryPart => false;

    protected override ObjectSink<Sale> Create(IObjectStore store) =>
        base.Create(store).RollBy(60, Timeout.InfiniteTimeSpan).Bucket(static s => s.Id % 3 == 0 ? "" : $"of/{s.Id % 3}");
}

/// <summary>Objects that are files.</summary>
public sealed class LocalObjectSinkContractTests : ObjectSinkContract, IDisposable
{
    readonly TempFolder _folder = new();
    int _stores;

    public void Dispose() => _folder.Dispose();

    protected override ValueTask<IListableStore> OpenAsync() => new(new LocalObjectStore(_folder[$"store-{++_stores}"], Stores.Nonces()));
}

/// <summary>Objects of a bucket, joined.</summary>
[Collection(CephServerCollection.Name)]
public sealed class CephJoinedObjectsContractTests(CephServer server) : ObjectSinkContract
{
    protected override bool ShowsEveryPart => false;

    protected override ValueTask<IListableStore> OpenAsync() => new(server.Open($"sinks/{Guid.NewGuid():n}"));

    protected override ObjectSink<Sale> Create(IObjectStore store) => base.Create(store).RollBy(time: TimeSpan.FromHours(1));
}

/// <summary>Objects of a bucket.</summary>
[Collection(CephServerCollection.Name)]
public sealed class CephObjectSinkContractTests(CephServer server) : ObjectSinkContract
{
    protected override ValueTask<IListableStore> OpenAsync() => new(server.Open($"sinks/{Guid.NewGuid():n}"));
}

/// <summary>What readers of a store see.</summary>
static class ObjectReads
{
    /// <summary>The keys of what is visible below a prefix, in order.</summary>
    public static async Task<IReadOnlyList<string>> VisibleAsync(this IListableStore store, string prefix)
    {
        List<string> keys = [];
        await foreach (StoredObject found in store.ListAsync(prefix, CancellationToken.None))
            if (!found.Key.StartsWith(prefix + "_staged/", StringComparison.Ordinal)) keys.Add(found.Key);
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>The rows of all CSV objects, by id. The header is in every object once, or they could not be read.</summary>
    public static async Task<IReadOnlyList<Sale>> ReadSalesAsync(this IListableStore store, string prefix)
    {
        using TempFolder folder = new();
        List<Sale> sales = [];
        foreach (string key in await store.VisibleAsync(prefix))
            sales.AddRange(await FileSource.Csv<Sale>(folder.Write("object.csv", (await store.TryGetAsync(key, CancellationToken.None))!)).ReadAllAsync());
        return [.. sales.OrderBy(static s => s.Id)];
    }
}
