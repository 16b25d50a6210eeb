using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

public sealed class ChainDriver
{
    public int Steps;

    public static ChainDriver Start(Batch<int> batch, Partitioner partitioner) => new();

    public void Step() { }
}
