namespace Millrace.Runtime.Messages;

/// <summary>
/// What the roles of a job say to each other. A closed set: <see cref="Alive"/>, what the leader says, what workers say to the leader, and what
/// they say to each other. Immutable, but for the records of a frame. The bytes are in <c>docs/FORMATS.md</c>, section "Messages".
/// </summary>
abstract record Message
{
    private protected Message()
    {
    }

    /// <summary>Nothing but that the sender is there. Sent by both ends of a connection that can go silent.</summary>
    public sealed record Alive : Message;
}
