using Amazon.Runtime;

namespace Millrace.Storage.S3;

/// <summary>Makes addresses of buckets known.</summary>
public static class S3Stores
{
    /// <summary>The scheme: <c>s3://bucket/prefix?endpoint=http://host:port&amp;region=name&amp;path-style=true&amp;profile=name</c>.</summary>
    public const string Scheme = "s3";

    /// <summary>Registers the opener of buckets.</summary>
    /// <param name="stores">The kinds of stores of a program.</param>
    public static ObjectStores AddS3(this ObjectStores stores) => stores.Register(Scheme, Open);

    static ValueTask<IListableStore> Open(StoreAddress address, StoreSurroundings surroundings, CancellationToken cancellationToken)
    {
        S3Options options = S3Options.From(address);
        try
        {
            return new(new S3ObjectStore(options, surroundings));
        }
        catch (AmazonClientException e)
        {
            throw new StoreUnavailableException(address.Root, "opening", S3Errors.Explain(e, options), e) { IsUnchanged = true };
        }
    }
}
