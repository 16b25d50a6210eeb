using System.Collections.Immutable;
using Millrace.Testing.Simulation;

namespace Millrace.Samples.CardCharges;

/// <summary>An order to be paid.</summary>
public readonly record struct Order(int Id, int Cents);

/// <summary>What both ways have in common: the orders that are read, and the oracle.</summary>
public abstract class Charges : ISimulatedJob
{
    const int Splits = 3, OrdersOfSplit = 60;

    static readonly ImmutableArray<ImmutableArray<Order>> s_orders =
    [
        .. Enumerable.Range(0, Splits).Select(static split => Enumerable.Range(0, OrdersOfSplit).Select(i => new Order((split * OrdersOfSplit) + i, 100 + i)).ToImmutableArray()),
    ];

    /// <summary>What the card company has charged, as its books say.</summary>
    protected abstract IEnumerable<Order> Charged { get; }

    /// <inheritdoc/>
    public void Define(Dataflow flow, SimulatedProcess process)
    {
        ArgumentNullException.ThrowIfNull(flow);
        Charge(flow.Source("orders", new SimulatedSource<Order>(process, s_orders)).Where(static order => order.Cents > 0), process);
    }

    /// <inheritdoc/>
    public void Check()
    {
        ILookup<int, Order> charged = Charged.ToLookup(static o => o.Id);
        foreach (Order order in s_orders.SelectMany(static s => s))
        {
            if (charged[order.Id].Count() != 1) throw new SimulationException($"order {order.Id} was charged {charged[order.Id].Count()} times");
        }
    }

    /// <summary>Charges what comes.</summary>
    protected abstract void Charge(DataStream<Order> orders, SimulatedProcess process);
}

/// <summary>The bug: a charge is made when the order comes by. After a crash the order comes by again.</summary>
public sealed class ChargesInPassing : Charges
{
    readonly List<Order> _books = [];

    /// <inheritdoc/>
    protected override IEnumerable<Order> Charged => _books;

    /// <inheritdoc/>
    protected override void Charge(DataStream<Order> orders, SimulatedProcess process) =>
        orders.Sink("charges", CallbackSink.Of<Order>(_books.Add));
}

/// <summary>The cure: charges are prepared, and made when the checkpoint that has read the orders counts.</summary>
public sealed class ChargesInTransactions : Charges
{
    readonly SimulatedTable<Order> _books = new();

    /// <inheritdoc/>
    protected override IEnumerable<Order> Charged => _books.Visible;

    /// <inheritdoc/>
    protected override void Charge(DataStream<Order> orders, SimulatedProcess process) => orders.Sink("charges", _books.SinkOf(process));
}
