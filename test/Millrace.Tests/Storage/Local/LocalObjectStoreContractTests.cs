using Millrace.Storage;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Storage.Local;

public sealed class LocalObjectStoreContractTests : ObjectStoreContractTests, IDisposable
{
    readonly TempFolder _folder = new();

    protected override ValueTask<IListableStore> OpenAsync() => new(new LocalObjectStore(_folder["store"], NonceSource.FromSystem()));

    public void Dispose() => _folder.Dispose();
}
