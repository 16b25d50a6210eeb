using Millrace.Storage;

namespace Millrace.Tests.Storage.S3;

[Collection(CephServerCollection.Name)]
public sealed class S3ObjectStoreContractTests(CephServer server) : ObjectStoreContractTests
{
    protected override ValueTask<IListableStore> OpenAsync() => new(server.Open("contract"));
}
