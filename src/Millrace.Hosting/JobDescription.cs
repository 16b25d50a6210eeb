using System.Reflection;
using System.Text;

namespace Millrace.Hosting;

/// <summary>A job as the host knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Define">Describes it.</param>
internal sealed record JobDescription(string Name, Action<Dataflow, JobArguments> Define);

/// <summary>Names of jobs.</summary>
internal static class JobNames
{
    public static string Of(Type job) => job.GetCustomAttribute<JobNameAttribute>()?.Name ?? Dashed(job.Name.Split('`')[0]);

    /// <summary>Lower case with dashes: <c>HTTPLogJob</c> is <c>http-log-job</c>.</summary>
    public static string Dashed(string name)
    {
        StringBuilder text = new();
        for (int at = 0; at < name.Length; at++)
        {
            bool isStart = char.IsUpper(name[at]) && at > 0
                && (!char.IsUpper(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1])));
            if (isStart && name[at - 1] != '_') text.Append('-');
            text.Append(name[at] == '_' ? '-' : char.ToLowerInvariant(name[at]));
        }

        return text.ToString();
    }
}
