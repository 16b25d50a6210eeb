namespace Millrace.State.Tables;

/// <summary>A table probed with the hash of the stream's key, as an operator sees it before it goes through a block of records.</summary>
public interface IKeyedRows
{
    /// <summary>Whether asking for rows ahead of time pays.</summary>
    bool IsLarge { get; }

    /// <summary>Asks the memory for the rows of these keys.</summary>
    void Prefetch(ReadOnlySpan<uint> hashes);
}
