using System.Globalization;
using System.Text;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;

namespace Millrace.Hosting;

/// <summary>What a start would do, for people. Pure.</summary>
internal static class StartPlanText
{
    /// <summary>Several lines: the decision, then every state by operator, then the verdict.</summary>
    public static string Of(string job, StartPlan plan)
    {
        StringBuilder text = new();
        text.Append(job).Append(": ").Append(plan.Decision).Append('\n');
        if (plan.Refusal is { } refusal) text.Append("  ").Append(refusal).Append('\n');
        int width = plan.Lines.Count == 0 ? 0 : plan.Lines.Max(static l => Name(l).Length);
        foreach (UpgradeLine line in plan.Lines)
            text.Append(CultureInfo.InvariantCulture, $"  {line.Fate.ToString().ToLowerInvariant(),-12}  ").Append(Name(line).PadRight(width)).Append("  ").Append(line.Why).Append('\n');
        return text.Append(plan.CanStart ? "It can start; nothing was started.\n" : "It cannot start like this; nothing was started.\n").ToString();
    }

    static string Name(UpgradeLine line) => line.State.Length == 0 ? line.Operator : $"{line.Operator}/{line.State}";
}
