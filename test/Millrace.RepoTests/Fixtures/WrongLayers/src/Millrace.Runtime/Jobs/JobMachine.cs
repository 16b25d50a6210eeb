namespace Millrace.Runtime.Jobs;

public sealed class JobMachine
{
    public Planning.PhysicalPlan? Plan;

    public Operators.MapOperator? Operator; // planted
}
