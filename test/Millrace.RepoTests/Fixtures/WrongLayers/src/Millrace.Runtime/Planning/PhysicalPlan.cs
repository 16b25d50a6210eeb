using static Millrace.Runtime.Tasks.ChainDriver; // planted
using Limit = Millrace.Runtime.Limits;

namespace Millrace.Runtime.Planning;

public sealed class PhysicalPlan
{
    public int Most = Limit.BatchRecordsMax;

    public object Begin() => Start(new(), new()); // planted
}
