using Millrace.Runtime.Exchange;
using Millrace.Runtime.Jobs; // planted
using Millrace.State.Tables;
using Machine = Millrace.Runtime.Jobs.JobMachine; // planted

namespace Millrace.Runtime.Operators;

/// <summary>May see a <see cref="Batch{T}"/> and a table; its comments must not see <see cref="Tasks.ChainDriver"/>.</summary> // planted
public sealed class MapOperator(Dataflow flow, StateTable<int> table, Batch<int> batch)
{
    public Dataflow Flow => flow;

    public StateTable<int> Table => table;

    public Batch<int> Batch => batch;

    public BatchPool Pool { get; } = new();

    public Partitioner? Partitioner; // planted

    public Tasks.ChainDriver? Relative; // planted

    public global::Millrace.Runtime.Tasks.ChainDriver? Qualified; // planted

    public Machine? Aliased; // planted

    public Everything? Global; // planted

    public EmbeddedCluster? Root; // planted

    public int MembersOnly()
    {
        var machine = Source.Make(); // planted
        machine.Plan = null; // planted
        return Limits.BatchRecordsMax;
    }
}

public static class Source
{
    public static JobMachine Make() => new(); // planted

    public static Unknown Nothing() => throw new InvalidOperationException(); // planted
}
