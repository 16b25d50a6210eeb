using System.Threading.Tasks.Dataflow;
using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Peers;

/// <summary>The same work with TPL Dataflow. Blocks have no bound, which is their fastest form, and run on as many threads as they like.</summary>
static class Blocks
{
    public static Outcome FilterMapSum(KeyedEvent[][] passes, Lambdas f)
    {
        PassClock clock = new(passes.Length);
        long total = 0, results = 0;
        foreach (KeyedEvent[] pass in passes)
        {
            clock.Mark();
            (long sum, long count) = Run(pass, f);
            total += sum;
            results += count;
        }

        clock.Mark();
        return new(clock.Passes, total, results);
    }

    static (long Sum, long Count) Run(KeyedEvent[] events, Lambdas f)
    {
        DataflowLinkOptions links = new() { PropagateCompletion = true };
        long total = 0, count = 0;
        BufferBlock<KeyedEvent> input = new();
        TransformBlock<KeyedEvent, long> map = new(f.MapOf);
        ActionBlock<long> sum = new(value =>
        {
            total += value;
            count++;
        });
        input.LinkTo(map, links, e => f.Keeps(e));
        input.LinkTo(DataflowBlock.NullTarget<KeyedEvent>());
        map.LinkTo(sum, links);
        foreach (KeyedEvent e in events) input.Post(e);
        input.Complete();
        sum.Completion.GetAwaiter().GetResult();
        return (total, count);
    }
}
