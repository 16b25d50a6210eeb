using System.Net;
using System.Runtime.ExceptionServices;
using Amazon.Runtime;

namespace Millrace.Storage.S3;

/// <summary>
/// Makes the connections below the SDK, and sees to it that an attempt is one: where a connection is cut the SDK sends the request up to ten times
/// more, whatever its limit of retries says, and a conditional write could then find its own first attempt.
/// </summary>
sealed class S3HttpClients : HttpClientFactory
{
    // So that a name whose address has changed is looked up again.
    static readonly TimeSpan s_connectionLife = TimeSpan.FromMinutes(5);

    // What became of the attempt that the present call makes; known to everything that is called for it.
    static readonly AsyncLocal<Attempt?> s_attempt = new();

    /// <summary>Begins an attempt: once its request has failed without an answer, nothing more is sent for it. Holds within the calling method.</summary>
    public static void BeginAttempt() => s_attempt.Value = new();

    // Every attempt has its own limit (S3Requests), so the client needs none.
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new SendOnce(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, PooledConnectionLifetime = s_connectionLife,
    }))
    { Timeout = Timeout.InfiniteTimeSpan };

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    sealed class Attempt
    {
        public ExceptionDispatchInfo? Failure { get; set; }
    }

    sealed class SendOnce(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Attempt? attempt = s_attempt.Value;
            attempt?.Failure?.Throw();
            // The SDK asks for leave before it sends a body. That is a round trip more, and a connection cut meanwhile is one on which the
            // runtime would send again of itself.
            request.Headers.ExpectContinue = false;
            try
            {
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt is not null)
            {
                attempt.Failure = ExceptionDispatchInfo.Capture(e);
                throw;
            }
        }
    }
}
