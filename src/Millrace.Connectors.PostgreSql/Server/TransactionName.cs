using System.Globalization;

namespace Millrace.Connectors.PostgreSql;

/// <summary>
/// Names of prepared transactions: <c>millrace/job/operator/timeline/attempt/subtask-number/nonce</c>, fewer than 200 bytes. Job and operator are
/// shortened with a hash where they are long or not plain.
/// </summary>
static class TransactionName
{
    const int WordCharactersMax = 32, PlainCharacters = 16;

    /// <summary>What all names of a sink begin with.</summary>
    public static string Prefix(SinkContext context) => $"millrace/{Word(context.Job)}/{Word(context.OperatorId)}/";

    public static string Of(SinkContext context, int subtask, long number) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix(context)}{Word(context.Timeline)}/{context.Attempt}/{subtask}-{number}/{PostgresTarget.Digest(context.Nonce)}");

    /// <summary>Whether an earlier deployment made it.</summary>
    public static bool IsEarlier(string name, SinkContext context) =>
        name.Split('/') is [_, _, _, _, var attempt, _, var nonce] && Fence.IsEarlier(attempt, nonce, context);

    static string Word(string text)
    {
        if (text.Length is > 0 and <= WordCharactersMax && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) return text;
        string plain = string.Concat(text.Take(PlainCharacters).Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return $"{plain}~{PostgresTarget.Digest(text)}";
    }
}
