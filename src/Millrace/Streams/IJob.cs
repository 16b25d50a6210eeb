namespace Millrace;

/// <summary>A job: the type is the job. Run it with the host, or test it with the test kit.</summary>
public interface IJob
{
    /// <summary>Describes the job. Runs on every node, and when a plan is asked for; must not read or write anything.</summary>
    /// <param name="flow">Where to describe it.</param>
    /// <param name="args">The arguments of the command line.</param>
    static abstract void Define(Dataflow flow, JobArguments args);
}
