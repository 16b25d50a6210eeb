using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Millrace.Analyzers;

/// <summary>
/// Which code runs after which, within the lifetime of one variable: a variable declared inside a loop is another
/// one in the next turn, so paths that leave its scope do not count.
/// </summary>
internal sealed class LifetimeFlow(ControlFlowGraph graph, ISymbol variable)
{
    readonly ControlFlowRegion? _lifetime = RegionOf(graph.Root, variable);

    /// <summary>A place in the graph: the index-th operation of a block, and the part of it that is meant.</summary>
    readonly struct Place(BasicBlock block, int index, SyntaxNode syntax)
    {
        public BasicBlock Block { get; } = block;
        public int Index { get; } = index;
        public SyntaxNode Syntax { get; } = syntax;
    }

    /// <summary>Whether an operation of the one kind can run after an operation of the other.</summary>
    public bool CanFollow(Func<IOperation, bool> isEarlier, Func<IOperation, bool> isLater)
    {
        List<Place> later = Places(isLater);
        if (later.Count == 0) return false;
        List<Place> earlier = Places(isEarlier);
        // Not found means created in a way the graph does not show: assume the worst, from the entry on.
        return earlier.Count == 0 || earlier.Any(from => CanReach(from, later));
    }

    bool CanReach(Place from, List<Place> targets)
    {
        if (targets.Any(target => target.Block == from.Block && Follows(from, target))) return true;
        HashSet<BasicBlock> reached = [];
        Stack<BasicBlock> open = new(Successors(from.Block));
        while (open.Count > 0)
        {
            BasicBlock block = open.Pop();
            if (!reached.Add(block)) continue;
            foreach (BasicBlock next in Successors(block)) open.Push(next);
        }
        return targets.Any(target => reached.Contains(target.Block));
    }

    static bool Follows(Place first, Place second) => first.Index != second.Index
        ? second.Index > first.Index
        : second.Syntax.Span.Contains(first.Syntax.Span) || second.Syntax.SpanStart >= first.Syntax.Span.End;

    List<Place> Places(Func<IOperation, bool> matches)
    {
        List<Place> places = [];
        foreach (BasicBlock block in graph.Blocks)
        {
            int index = 0;
            foreach (IOperation statement in block.Operations) Add(statement, index++);
            if (block.BranchValue is { } value) Add(value, index);

            void Add(IOperation statement, int at) =>
                places.AddRange(statement.DescendantsAndSelf().Where(matches).Select(operation => new Place(block, at, operation.Syntax)));
        }
        return places;
    }

    IEnumerable<BasicBlock> Successors(BasicBlock block)
    {
        foreach (ControlFlowBranch? branch in new[] { block.ConditionalSuccessor, block.FallThroughSuccessor })
        {
            if (branch is null || (_lifetime is not null && branch.LeavingRegions.Contains(_lifetime))) continue;
            if (branch.Destination is { } destination && IsAlive(destination)) yield return destination;
            foreach (ControlFlowRegion region in branch.FinallyRegions) yield return FirstOf(region);
        }
        // Anything inside a try may continue in its handlers.
        for (ControlFlowRegion? region = block.EnclosingRegion; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind != ControlFlowRegionKind.Try || region.EnclosingRegion is not { } whole) continue;
            foreach (ControlFlowRegion handler in whole.NestedRegions.Where(nested => nested != region))
            {
                if (IsAlive(FirstOf(handler))) yield return FirstOf(handler);
            }
        }
    }

    BasicBlock FirstOf(ControlFlowRegion region) => graph.Blocks[region.FirstBlockOrdinal];

    bool IsAlive(BasicBlock block) =>
        _lifetime is null || (block.Ordinal >= _lifetime.FirstBlockOrdinal && block.Ordinal <= _lifetime.LastBlockOrdinal);

    static ControlFlowRegion? RegionOf(ControlFlowRegion region, ISymbol variable) =>
        region.Locals.Any(local => SymbolEqualityComparer.Default.Equals(local, variable))
            ? region
            : region.NestedRegions.Select(nested => RegionOf(nested, variable)).FirstOrDefault(found => found is not null);
}
