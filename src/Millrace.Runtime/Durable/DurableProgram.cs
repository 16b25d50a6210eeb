using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>What the deployments of a durable job share, as its leader sees them.</summary>
/// <param name="Graph">The job.</param>
/// <param name="Plan">How it runs.</param>
/// <param name="Options">How it is run.</param>
/// <param name="Durable">Where its state is.</param>
/// <param name="Folder">The folder of the job in the store.</param>
/// <param name="Program">What manifests say of the program.</param>
/// <param name="Workers">Who runs the tasks.</param>
sealed record DurableProgram(
    JobGraph Graph, PlanModel Plan, EmbeddedOptions Options, DurableOptions Durable, IObjectStore Folder, ProgramDescription Program, WorkerRegistry Workers)
{
    /// <summary>What the manifests of a deployment say of the program.</summary>
    public ProgramDescription Describe(RestorePoint? from) => Program with { Honoured = from?.Honoured ?? StateChoices.Of(Durable).Words };

    /// <summary>What the first of the workers is told.</summary>
    public DeployOrder Order(LedgerState state, RestorePoint? from) => new()
    {
        Timeline = state.Timeline,
        Nonce = Options.Nonces.NextName(),
        IsFresh = state.Origin is TimelineOrigin.Nothing,
        Worker = 0,
        Workers = 1,
        Parallelism = Options.Parallelism,
        IsChaining = Options.IsChaining,
        From = from?.Order,
        Drops = from?.Choices.Drops ?? [],
        InFlightDrops = from?.Choices.InFlightDrops ?? [],
        Renames = from?.Choices.Renames ?? [],
    };
}
