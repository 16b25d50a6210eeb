using System.Globalization;

namespace Millrace.Benchmarks.Reporting;

/// <summary>Says on the error stream what is being measured, and when it will be done.</summary>
/// <param name="name">The workload.</param>
/// <param name="samples">How many samples there will be, after the rehearsal.</param>
sealed class Progress(string name, int samples)
{
    readonly long _begun = TimeProvider.System.GetTimestamp();

    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>A sample begins; number zero is the rehearsal.</summary>
    public void Sample(int number)
    {
        string what = number == 0 ? "rehearsal" : $"sample {number} of {samples}";
        string left = number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", about {Left(number).TotalSeconds:N0} s left");
        Say($"{name}: {what}{left}");
    }

    TimeSpan Left(int number) => TimeProvider.System.GetElapsedTime(_begun) / number * (samples + 1 - number);
}
