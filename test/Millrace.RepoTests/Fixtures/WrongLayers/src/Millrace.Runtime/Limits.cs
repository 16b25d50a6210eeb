namespace Millrace.Runtime;

public static class Limits
{
    public const int BatchRecordsMax = 1_024;
}
