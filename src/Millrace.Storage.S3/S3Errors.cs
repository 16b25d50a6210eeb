using System.Net;
using Amazon.Runtime;

namespace Millrace.Storage.S3;

/// <summary>Reads the SDK's failures.</summary>
static class S3Errors
{
    /// <summary>What a failure means. Cancellation by the caller is none and must be looked for first.</summary>
    public static S3Verdict Judge(Exception failure) => failure switch
    {
        AmazonServiceException answer => Judge(answer),
        AmazonUnmarshallingException or OperationCanceledException or HttpRequestException or IOException or TimeoutException => S3Verdict.Unanswered,
        AmazonClientException { InnerException: HttpRequestException or IOException or TimeoutException or OperationCanceledException } => S3Verdict.Unanswered,
        _ => S3Verdict.Refused,
    };

    /// <summary>Tells the failures of a request from mistakes of the program.</summary>
    public static bool IsOfRequest(Exception failure) =>
        failure is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or TimeoutException or OperationCanceledException;

    /// <summary>What the store said and what helps.</summary>
    public static string Explain(Exception failure, S3Options options)
    {
        string said = failure is AmazonServiceException { ErrorCode: { Length: > 0 } code } answer && answer.Message != code ? $"{code}: {answer.Message}" : failure.Message;
        return $"{said.TrimEnd('.')}; {Remedy(failure, options)}";
    }

    static S3Verdict Judge(AmazonServiceException answer) => (answer.ErrorCode, (int)answer.StatusCode) switch
    {
        ("PreconditionFailed", _) or (_, 412) => S3Verdict.Taken,
        ("NoSuchBucket", _) => S3Verdict.Refused,
        ("NoSuchUpload", _) => S3Verdict.NoUpload,
        ("RequestTimeout" or "SlowDown" or "InternalError" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded", _) => S3Verdict.Unanswered,
        (_, 404) => S3Verdict.Absent,
        (_, 409) => S3Verdict.Conflict,
        (_, 416) => S3Verdict.BeyondEnd,
        (_, 501) => S3Verdict.Refused,
        (_, 408 or 429 or >= 500) => S3Verdict.Unanswered,
        // No status at all: the connection failed. A success with an error in its body: S3 had begun to answer before it knew.
        (_, < 300) => S3Verdict.Unanswered,
        _ => S3Verdict.Refused,
    };

    static string Remedy(Exception failure, S3Options options) => failure switch
    {
        AmazonServiceException { ErrorCode: "NoSuchBucket" } => $"create the bucket {options.Bucket}, or correct the address",
        AmazonServiceException { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" or "InvalidToken" } =>
            "check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the role of this machine)",
        AmazonServiceException { ErrorCode: "RequestTimeTooSkewed" } => "set the clock of this machine",
        AmazonServiceException { ErrorCode: "AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException" } => "give the bucket's region: &region=name",
        // Without permission to list, S3 answers 403 where it would say 404, so absence cannot be seen. Nothing is ever listed for it.
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden } =>
            "allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the objects, and s3:ListBucket on the bucket, without which S3 does not tell absent from forbidden",
        AmazonServiceException { StatusCode: HttpStatusCode.NotImplemented } => "use a store that knows conditional writes",
        AmazonServiceException { StatusCode: not 0 } or AmazonUnmarshallingException => "check the store",
        AmazonClientException when S3Errors.Judge(failure) == S3Verdict.Refused => "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile (&profile=name), or give this machine a role",
        _ => $"check that {options.Endpoint?.GetLeftPart(UriPartial.Authority) ?? "the store"} is up and can be reached from here",
    };
}
