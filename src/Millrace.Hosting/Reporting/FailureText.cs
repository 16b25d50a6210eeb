using System.Text;
using Millrace.Runtime.Tasks;

namespace Millrace.Hosting;

/// <summary>
/// A failure for people: one line that says what failed, then the stack of the code that threw, as far as it is the user's. Pure.
/// </summary>
internal static class FailureText
{
    static readonly string[] s_engineFrames =
        ["   at Millrace.Runtime.", "   at Millrace.Engine.", "   at Millrace.State.", "   at Millrace.Connectors.", "   at Millrace.Hosting."];

    /// <summary>Describes a failure, with all that caused it.</summary>
    /// <param name="subject">What failed: the beginning of the first line.</param>
    /// <param name="failure">An exception of the engine, or what user code threw.</param>
    /// <returns>Lines, the last one ended.</returns>
    public static string Of(string subject, Exception failure)
    {
        StringBuilder text = new();
        // The engine's own exceptions say what their cause says, and where; the stack of interest is the cause's.
        Exception cause = failure is OperatorFailedException { InnerException: { } thrown } ? thrown : failure;
        string first = failure is OperatorFailedException ? failure.Message : $"{cause.GetType().Name}: {cause.Message}";
        text.Append(subject).Append(": ").AppendLine(first);
        AppendStack(text, cause);
        for (Exception? inner = cause.InnerException; inner is not null; inner = inner.InnerException)
        {
            text.Append("caused by ").Append(inner.GetType().Name).Append(": ").AppendLine(inner.Message);
            AppendStack(text, inner);
        }

        return text.ToString();
    }

    /// <summary>The frames above the engine's: the engine calls user code and never the other way round, so its frames come last.</summary>
    static void AppendStack(StringBuilder text, Exception failure)
    {
        foreach (string line in (failure.StackTrace ?? "").Split('\n').Select(static l => l.TrimEnd('\r')))
        {
            if (line.Length == 0 || Array.Exists(s_engineFrames, f => line.StartsWith(f, StringComparison.Ordinal))) return;
            if (!line.StartsWith("---", StringComparison.Ordinal)) text.AppendLine(line);
        }
    }
}
