namespace Millrace.Simulation;

/// <summary>One form of the record that goes to an evolving piece.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
interface IEntry<TSelf> where TSelf : IEntry<TSelf>
{
    /// <summary>Makes one of a record.</summary>
    static abstract TSelf Of(Reading reading);

    /// <summary>What the record is worth.</summary>
    long Worth();

    /// <summary>What its key is made of.</summary>
    int Weight();
}

/// <summary>One form of what an evolving piece keeps per key. Whatever forms it has had, count and total are of all records.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
interface ITotals<TSelf> where TSelf : ITotals<TSelf>
{
    /// <summary>That of no record.</summary>
    static abstract TSelf None { get; }

    /// <summary>With another record.</summary>
    TSelf Plus(long worth);

    /// <summary>How many records.</summary>
    int Number();

    /// <summary>What they are worth together.</summary>
    long Total();

    /// <summary>How many of them came since there is a member for it: zero where there is none.</summary>
    int Recent();
}
