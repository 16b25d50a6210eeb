using Millrace.Storage;
using Millrace.Testing.Stores;
using Millrace.Tests.Storage;

namespace Millrace.Tests.Testing.Stores;

public sealed class MemoryObjectStoreTests : ObjectStoreContractTests
{
    readonly MemoryObjectStore _store = new(TimeProvider.System);

    protected override ValueTask<IListableStore> OpenAsync() => new(_store);
}

/// <summary>A store that only counts, and one that only looks for faults, keep the contract.</summary>
public sealed class WrappedStoreTests : ObjectStoreContractTests
{
    readonly MemoryObjectStore _store = new(TimeProvider.System);

    protected override ValueTask<IListableStore> OpenAsync() =>
        new(new CountingStore(new FaultStore(_store, FaultPlan.None, TimeProvider.System)).Under("some/where/"));
}
