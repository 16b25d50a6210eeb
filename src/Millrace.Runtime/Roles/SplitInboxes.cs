using Millrace.Runtime.Tasks;

namespace Millrace.Runtime.Roles;

/// <summary>The splits that a worker was given, by source. Filled while tasks are built, by one thread; then read by the leader's.</summary>
/// <param name="ask">Asks the leader for a split, for a reader of a source.</param>
sealed class SplitInboxes(Action<string, int> ask) : ISplitSupplies
{
    readonly Dictionary<string, ISplitInbox> _inboxes = new(StringComparer.Ordinal);

    /// <summary>Those of a source; null when it has no reader here.</summary>
    public ISplitInbox? this[string source] => _inboxes.GetValueOrDefault(source);

    /// <inheritdoc/>
    public ISplitSupply<TSplit> Of<TSplit>(string source, bool isBounded, int readers) where TSplit : ISplit
    {
        if (_inboxes.TryGetValue(source, out ISplitInbox? known)) return (SplitInbox<TSplit>)known;
        SplitInbox<TSplit> inbox = new(isBounded, readers, reader => ask(source, reader));
        _inboxes.Add(source, inbox);
        return inbox;
    }
}
