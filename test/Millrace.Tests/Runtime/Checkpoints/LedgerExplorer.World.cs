using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>The states of the exploration.</summary>
sealed partial class LedgerExplorer
{
    enum DeedKind
    {
        Commit,
        Abort,
        Delete,
        Prune,
    }

    sealed record Deed(DeedKind Kind, string What)
    {
        public UInt128 Hash { get; } = Fingerprints.Mix(Fingerprints.Of(What), (long)Kind);
    }

    /// <summary>How far a leader is with deleting entries.</summary>
    /// <param name="Leader">What it knew when it last had nothing under way.</param>
    /// <param name="Progress">What is deleted.</param>
    sealed record Pruning(LeaderState Leader, PruneProgress Progress)
    {
        public PruneBatch? Batch { get; } = PruneMachine.Next(Leader, Progress);

        /// <summary>Tells apart what differs, beside the process itself.</summary>
        public UInt128 Key { get; } = Fingerprints.Of(string.Join(',', Leader.Job.Superseded.Select(s => $"{s.Term}:{s.Tail}:{Progress.Left(s)}")));
    }

    sealed record Process(LeaderState Leader, int Stage, Pruning? Pruning = null)
    {
        /// <summary>The newest term when it was started.</summary>
        public long Newest { get; init; }

        /// <summary>Tells apart what differs.</summary>
        public UInt128 Key => Fingerprints.Mix(Fingerprints.Mix(ExploredLeader.KeyOf(Leader), Stage), Leader.Phase is LeaderPhase.Finding or LeaderPhase.Claiming or LeaderPhase.ComparingClaim ? Newest : 0);
    }

    sealed record World : IExplored
    {
        public required ImmutableArray<Process> Processes { get; init; }

        public ExploredStore Store { get; init; } = ExploredStore.Empty;

        public ExploredSet<Deed> Actions { get; init; } = ExploredSet<Deed>.Empty;

        public ExploredSet<string> Prepared { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Committed { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Aborted { get; init; } = ExploredSet<string>.Empty;

        public ExploredSet<string> Deleted { get; init; } = ExploredSet<string>.Empty;

        public ImmutableArray<string> Retained { get; init; } = [];

        public ExploredSet<string> Pruned { get; init; } = ExploredSet<string>.Empty;

        public bool CanRead { get; init; }

        public bool CanExpire { get; init; }

        /// <summary>What HEAD names; the default where it plays no part.</summary>
        public LedgerHead Head { get; init; }

        public Process? Reader { get; init; }

        /// <summary>What was reported when the reader began.</summary>
        public string? ReadSince { get; init; }

        public string? Reported { get; init; }

        public string? Broken { get; init; }

        public int Claims { get; init; }

        public int Faults { get; init; }

        public World With(int i, Process process) => this with { Processes = Processes.SetItem(i, process) };

        public UInt128 Fingerprint()
        {
            UInt128 all = Store.Fingerprint();
            foreach (Process process in Processes) all = Fingerprints.Mix(Fingerprints.Mix(all, process.Key), process.Pruning?.Key ?? 1);
            foreach (UInt128 part in (ReadOnlySpan<UInt128>)[Actions.Hash, Prepared.Hash, Committed.Hash, Aborted.Hash, Deleted.Hash, Pruned.Hash]) all = Fingerprints.Mix(all, part);
            all = Fingerprints.Mix(all, Reader?.Key ?? (CanRead ? 2 : (UInt128)1));
            all = Fingerprints.Mix(all, ReadSince is null ? 1 : Fingerprints.Of(ReadSince));
            all = Fingerprints.Mix(all, Reported is null ? 1 : Fingerprints.Of(Reported));
            return Fingerprints.Mix(all, (((Head.Term * 200) + (Head.Sequence * 2) + (CanExpire ? 1 : 0)) * 10_000) + (Claims * 100) + Faults);
        }
    }
}
