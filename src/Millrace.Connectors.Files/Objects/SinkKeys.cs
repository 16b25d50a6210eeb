using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// The keys of an object sink. Each is made of what no other deployment has, or says by whom it may be replaced. Immutable.
/// </summary>
internal sealed class SinkKeys(string prefix, string extension)
{
    const string StagedFolder = "_staged";
    const int TagCharacters = 16;

    readonly string _root = prefix.Length == 0 ? "" : prefix.EndsWith('/') ? prefix : prefix + "/";

    /// <summary>Sixteen hexadecimal digits no other deployment has, and no other sink of the same one.</summary>
    public static string Tag(SinkContext context)
    {
        string all = string.Join('\n', context.Job, context.OperatorId, context.Timeline, context.Attempt, context.Nonce);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..TagCharacters];
    }

    /// <summary>Written and deleted to see whether it can be done. Always the same, so that the next start deletes what a crash leaves.</summary>
    public string Probe(SinkContext context) => $"{Sink(context)}/probe";

    /// <summary>One of the sink's deployments, from zero on: who it was. Created once, never deleted.</summary>
    public string Deployment(SinkContext context, int number) => $"{Sink(context)}/deployments/{number.ToString("D8", CultureInfo.InvariantCulture)}";

    /// <summary>A hint: deployments before this number left nothing. May be stale, never ahead.</summary>
    public string Floor(SinkContext context) => $"{Sink(context)}/floor";

    /// <summary>What one instance of a deployment may have staged; see <see cref="StagingRange"/>. The keys of its staged objects begin so.</summary>
    public string Range(SinkContext context, string attempt, string tag, int subtask) =>
        $"{Sink(context)}/{attempt}-{tag}/{subtask.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>An object as readers see it.</summary>
    /// <exception cref="InvalidOperationException">The bucket cannot be part of a key; the message says why.</exception>
    public string Visible(SinkContext context, string bucket, int subtask, int number)
    {
        string key = string.Create(
            CultureInfo.InvariantCulture, $"{_root}{bucket}{(bucket.Length == 0 ? "" : "/")}part-{subtask}-{number:D4}-{context.Attempt}-{Tag(context)}{extension}");
        string? problem = bucket.StartsWith('_') ? "begins with '_', which is kept for what is not visible yet" : ObjectKey.Problem(key);
        return problem is null ? key : throw new InvalidOperationException(
            $"'{bucket}' cannot be a bucket of objects: the key '{key}' {problem}. Mend the function or the format given to the sink, so that it names buckets such as 2024-01-01.");
    }

    string Sink(SinkContext context) => $"{_root}{StagedFolder}/{Files.Deployment.Word(context.Job)}/{Files.Deployment.Word(context.OperatorId)}";
}
