using System.Security.Cryptography;
using System.Text;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime.Durable;

/// <summary>The states that the operators of a program declare. Found by making one task of each chain, which nothing runs.</summary>
static class ProgramStates
{
    public static IReadOnlyList<ProgramOperator> Of(PlanModel plan, EmbeddedOptions options)
    {
        NoTasks none = new();
        BuildContext context = new(plan, options.Time, options.Services, CancellationToken.None) { SinkContextOf = static _ => null! };
        return
        [
            .. from chain in plan.Chains
               from cell in TaskBuilder.Build(context, chain, 0, none, none).Driver.Cells
               where cell.IsOperator
               let node = chain.Nodes.First(n => n.Id == cell.OperatorId)
               select new ProgramOperator(node.Id, node.Verb, cell.States),
        ];
    }

    /// <summary>Tells programs with the same operators and states from others: 16 hexadecimal digits.</summary>
    public static string Fingerprint(IReadOnlyList<ProgramOperator> operators)
    {
        IEnumerable<string> lines =
            from op in operators
            where op.States.Count > 0 || op.Verb == "Sink"
            orderby op.Id
            from line in op.States.Select(static s => $"{s.Name} {s.Layout} {s.Kind} {s.Key?.Text} {s.Sub?.Text} {s.Value.Text}").Order(StringComparer.Ordinal).Prepend(op.Verb)
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
