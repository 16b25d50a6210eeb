namespace Millrace.Storage;

/// <summary>What a key that could be written once holds, when that is settled.</summary>
public abstract record PublishOutcome
{
    PublishOutcome()
    {
    }

    /// <summary>Exactly the caller's bytes, durably: written by this call, or by an earlier attempt at the same.</summary>
    public sealed record Ours : PublishOutcome;

    /// <summary>Bytes of another writer, for good.</summary>
    /// <param name="Content">What the key holds; the receiver's own copy.</param>
    public sealed record Theirs(byte[] Content) : PublishOutcome;
}
