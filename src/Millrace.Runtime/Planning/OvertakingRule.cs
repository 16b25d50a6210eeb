using Millrace.Engine;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Planning;

/// <summary>
/// Whether barriers may overtake records in a job without the risk that tasks wait for each other for ever; the argument is in
/// <c>docs/decisions/0016-overtaking.md</c>. A gate that aligns holds back what follows the barrier until another chain delivers it. Whoever that
/// waits for in the end is a task that writes to a full channel, and not one of a source, which needs no room for a barrier. The channel is full because, further down, a chain was
/// overtaken and is held back by such a gate in its turn. Only where these reasons can form a circle is it forbidden. Pure.
/// </summary>
sealed class OvertakingRule
{
    readonly ILookup<PlanChain, PlanEdge> _inputs;
    readonly Dictionary<PlanChain, HashSet<PlanChain>> _above = [];
    readonly HashSet<PlanChain> _byKey;
    readonly List<Hold> _holds = [];

    OvertakingRule(PlanModel plan)
    {
        _inputs = plan.Edges.ToLookup(static e => e.ToChain);
        _byKey = [.. plan.Chains.Where(c => _inputs[c].Any() && CanBeOvertaken(_inputs[c]))];
        // Chains come after those they read.
        foreach (PlanChain chain in plan.Chains) _above.Add(chain, [.. SendersOf(chain), .. SendersOf(chain).SelectMany(s => _above[s])]);
        foreach (PlanChain gate in plan.Chains.Where(c => !_byKey.Contains(c)))
        {
            foreach (PlanChain held in SendersOf(gate))
            {
                foreach (PlanChain missing in SendersOf(gate)) _holds.Add(new(gate, held, missing));
            }
        }
    }

    /// <summary>Whether barriers may overtake records anywhere in a job.</summary>
    public static bool Allows(PlanModel plan)
    {
        OvertakingRule rule = new(plan);
        ILookup<Hold, Hold> overtaken = rule.Pairs(rule.OvertakenFrom), all = rule.Pairs(h => rule.OvertakenFrom(h).Concat(rule.BlockedFrom(h)));
        return !overtaken.SelectMany(static pairs => pairs).Distinct().Any(next => Reached(next, all).Any(hold => overtaken[hold].Contains(next)));
    }

    static bool CanBeOvertaken(IEnumerable<PlanEdge> inputs) =>
        inputs.All(static e => e.To.GivenId is not null && e.Edge.Kind == PartitionKind.KeyBy && CodecCheck.Problems(e.Edge.RecordType).Count == 0);

    /// <summary>A hold, and all it can be the reason of by any number of steps.</summary>
    static HashSet<Hold> Reached(Hold from, ILookup<Hold, Hold> pairs)
    {
        HashSet<Hold> seen = [from];
        Queue<Hold> next = new(seen);
        while (next.TryDequeue(out Hold? hold))
        {
            foreach (Hold reason in pairs[hold].Where(seen.Add)) next.Enqueue(reason);
        }

        return seen;
    }

    ILookup<Hold, Hold> Pairs(Func<Hold, IEnumerable<Hold>> after) => _holds.SelectMany(h => after(h).Distinct().Select(next => (h, next))).ToLookup(static p => p.h, static p => p.next);

    /// <summary>Holds that a task can be blocked by that is waited for, where a barrier has overtaken what that task has not sent.</summary>
    IEnumerable<Hold> OvertakenFrom(Hold hold) =>
        from overtaken in _byKey
        where WaitedFor(hold, overtaken).Any(z => _above[overtaken].Contains(z))
        from next in _holds
        where next.Held == overtaken || _above[next.Held].Contains(overtaken)
        select next;

    /// <summary>Holds that it can be blocked by for the sake of an earlier barrier, which nothing needs to have overtaken.</summary>
    IEnumerable<Hold> BlockedFrom(Hold hold) =>
        from z in WaitedFor(hold, null)
        from next in _holds
        where next.Held == z || _above[next.Held].Contains(z)
        select next;

    /// <summary>The chains whose tasks can be the one that a gate waits for in the end. Sources never are.</summary>
    /// <param name="hold">What the gate holds back, and whose barrier it misses.</param>
    /// <param name="overtaken">A chain that the barrier has overtaken somewhere: those that are told by the same chains have heard of it too, and wait for nobody.</param>
    HashSet<PlanChain> WaitedFor(Hold hold, PlanChain? overtaken)
    {
        HashSet<PlanChain> found = [];
        Queue<PlanChain> next = new([hold.Missing]);
        while (next.TryDequeue(out PlanChain? chain))
        {
            if (!_inputs[chain].Any() || HasHeard(chain, overtaken) || !found.Add(chain)) continue;
            // Where another instance of the chain has delivered the barrier, only one-to-one edges can keep it from this one.
            foreach (PlanEdge input in _inputs[chain].Where(e => hold.Held != hold.Missing || e.Kind is PartitionKind.Forward or PartitionKind.Rescale)) next.Enqueue(input.FromChain);
        }

        return found;
    }

    bool HasHeard(PlanChain chain, PlanChain? overtaken) =>
        overtaken is not null && _byKey.Contains(chain) && SendersOf(overtaken).All(SendersOf(chain).Contains);

    IEnumerable<PlanChain> SendersOf(PlanChain chain) => _inputs[chain].Select(static e => e.FromChain).Distinct();

    /// <summary>A gate that holds back what one chain has sent, until another delivers the barrier.</summary>
    sealed record Hold(PlanChain Gate, PlanChain Held, PlanChain Missing);
}
