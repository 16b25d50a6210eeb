using System.Security.Cryptography;
using System.Text;
using Millrace.Engine;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Durable;

/// <summary>The states that the operators of a program declare, and what its sinks prepare. Found by making one task of each chain, which nothing runs.</summary>
static class ProgramStates
{
    public static IReadOnlyList<ProgramOperator> Of(JobGraph graph, EmbeddedOptions options)
    {
        // Records on their way are restored at the head of a chain, whatever its parallelism; so what begins with keys is one here.
        HashSet<string> heads = [.. graph.Nodes.Where(static n => n.GivenId is not null && n.Inputs.Any(static e => e.Kind == PartitionKind.KeyBy)).Select(static n => n.Id)];
        PlanModel plan = Planner.Plan(graph, options.Parallelism, options.IsChaining, heads);
        IReadOnlyDictionary<string, TypeSchema> prepared = new OwedSinks(graph).Prepared;
        NoTasks none = new();
        BuildContext context = new(plan, options.Time, options.Services, CancellationToken.None) { SinkContextOf = static _ => null! };
        return
        [
            .. from chain in plan.Chains
               let cells = TaskBuilder.Build(context, chain, 0, none, none).Driver.Cells
               from cell in cells
               where cell.IsOperator
               let node = chain.Nodes.First(n => n.Id == cell.OperatorId)
               let gate = cells.FirstOrDefault(c => !c.IsOperator && c.OperatorId == node.Id && c.States.Count > 0)
               select new ProgramOperator(node.Id, node.Verb, cell.States) { InFlight = gate?.States[0], Prepared = prepared.GetValueOrDefault(node.Id) },
        ];
    }

    /// <summary>Tells programs with the same operators and states from others: 16 hexadecimal digits.</summary>
    public static string Fingerprint(IReadOnlyList<ProgramOperator> operators)
    {
        IEnumerable<string> lines =
            from op in operators
            where op.States.Count > 0 || op.Verb == "Sink"
            orderby op.Id
            from line in op.States.Select(static s => $"{s.Name} {s.Layout} {s.Kind} {s.Key?.Text} {s.Sub?.Text} {s.Value.Text}{(s.Ttl is null ? "" : $" {s.Ttl}")}").Order(StringComparer.Ordinal).Prepend(op.Verb)
            select $"{op.Id} {line}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))).AsSpan(0, 8));
    }

    sealed class NoTasks : ITaskScheduler, ITaskOwner
    {
        public bool IsStopping => true;

        public void Enqueue(StreamTask task)
        {
        }

        public void OnEnded(StreamTask task, Exception? failure)
        {
        }
    }
}
