using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Millrace.Storage.S3;

/// <summary>Makes the SDK's client.</summary>
static class S3Client
{
    const string RegionWhereNoneMatters = "us-east-1";

    public static AmazonS3Client Create(S3Options options)
    {
        AmazonS3Config config = new()
        {
            // A repeated conditional write can find its own first attempt and be refused for it, so nothing is repeated behind the
            // store's back; what may be repeated is repeated by it.
            MaxErrorRetry = 0,
            ThrottleRetries = false,
            HttpClientFactory = new S3HttpClients(),
            // The checksums the SDK adds of itself are not understood by every compatible store. Payloads are signed, blocks are hashed.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = options.AttemptTimeout,
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null,
        };
        if (options.Profile is { } profile) config.Profile = new Profile(profile);
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? RegionWhereNoneMatters;
        }
        else if (options.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return new AmazonS3Client(config);
    }
}
