using Millrace.Runtime;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Roles;
using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>A process that runs tasks for whoever leads the job, from its start to its end.</summary>
sealed class SimulatedWorker
{
    static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(20);

    public SimulatedWorker(SimulatedScene scene, string name, LifeOptions options)
    {
        Process = new(scene.World, name, options.Skew);
        Process.Tell("starts, to work for whoever leads");
        Dataflow flow = new(SimulatedScene.JobName);
        scene.Job.Define(flow, Process);
        JobGraph graph = flow.Build();
        EmbeddedOptions embedded = new() { Parallelism = 1, Threads = 1, Time = Process.Time, Nonces = Process.Nonces };
        IListableStore store = options.View(SimulatedStoreFaults.Between(scene, Process, options.StoreSeed, scene.Store));
        DurableOptions durable = new()
        {
            Store = store,
            OpenStore = (address, _) => new(store.Under(address[SimulatedScene.SavepointScheme.Length..])),
            SavepointRoot = SimulatedScene.SavepointScheme + "savepoints",
            RowsView = options.Rows,
        };
        IListableStore folder = store.Under(SimulatedScene.JobName);
        string fingerprint = ProgramStates.Fingerprint(ProgramStates.Of(graph, embedded));
        WorkerProgram program = new(graph, embedded, durable, folder, fingerprint, _ => Process.Scheduler());
        LeaderSearch search = new(folder, SimulatedScene.JobName, Process.Time);
        Role = new(program, new(name, name, options.Wire(scene.World.Network.Of(Process)), options.Beats, search.FindAsync, s_retry));
    }

    public SimulatedProcess Process { get; }

    public WorkerRole Role { get; }
}
