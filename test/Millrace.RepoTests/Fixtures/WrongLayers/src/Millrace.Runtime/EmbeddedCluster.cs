using Millrace.Runtime.Jobs;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

public sealed class EmbeddedCluster(JobMachine job, ChainDriver driver)
{
    public JobMachine Job => job;

    public ChainDriver Driver => driver;
}
