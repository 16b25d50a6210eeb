using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Testing.Simulation;

/// <summary>What goes wrong between a process and the store.</summary>
static class SimulatedStoreFaults
{
    /// <summary>The store of a scene as a process sees it.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="process">The process.</param>
    /// <param name="seed">How the store answers its calls.</param>
    /// <param name="inner">The store itself.</param>
    public static IListableStore Between(SimulatedScene scene, SimulatedProcess process, ulong seed, IListableStore inner) =>
        new SimulatedStore(process, new FaultStore(inner, new(call => Fault(scene, process, seed, call)), scene.World.Time));

    static StoreFault Fault(SimulatedScene scene, SimulatedProcess process, ulong seed, StoreCall call)
    {
        if (scene.World.IsOutage && call.IsWrite) return new StoreFault.Refuse();
        // Of the ledger a process can do nothing but refuse; of snapshots it must find out, and say so.
        bool isOfSnapshot = call.Verb == StoreVerb.Read || (call.Verb == StoreVerb.Get && call.Key.EndsWith(SnapshotKeys.ManifestName, StringComparison.Ordinal));
        if (isOfSnapshot && process.Chance.InThousand(scene.World.Faults.DamagePerThousand))
        {
            scene.OnDamage(process);
            return process.Chance.Below(2) == 0 ? new StoreFault.Truncate() : new StoreFault.FlipBit(process.Chance.Below(1 << 20));
        }

        return FaultPlan.Seeded(seed, scene.World.Faults.StorePerThousand / 1_000.0).Decide(call);
    }
}
