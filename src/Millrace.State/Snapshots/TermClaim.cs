namespace Millrace.State.Snapshots;

/// <summary>
/// <c>terms/&lt;n&gt;</c>: who leads a job. Created if absent, once and for ever: whoever created the newest one leads, and whoever created an
/// older one can make garbage but commit nothing any more. Immutable.
/// </summary>
/// <param name="Term">Which leadership, from 1, without gaps.</param>
/// <param name="Leader">The process, for people: machine and process id.</param>
/// <param name="Endpoint">Where it can be reached, as a URL; empty when it cannot.</param>
/// <param name="Nonce">Chance, 32 hexadecimal digits: no two processes write the same claim.</param>
/// <param name="ClaimedAt">When it was claimed, by the leader's clock. For people; nothing is decided by it.</param>
public sealed record TermClaim(long Term, string Leader, string Endpoint, string Nonce, DateTimeOffset ClaimedAt)
{
    /// <summary>The claim as it is stored (<c>docs/FORMATS.md</c>, section "Term"). The same claim has the same bytes, always.</summary>
    public byte[] ToBytes() => LedgerJson.WriteClaim(this);

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <param name="key">The object it was read from, for errors.</param>
    /// <param name="bytes">All of it.</param>
    /// <exception cref="LedgerCorruptException">It is no claim.</exception>
    /// <exception cref="LedgerTooNewException">A newer version of Millrace wrote it.</exception>
    public static TermClaim Read(string key, ReadOnlyMemory<byte> bytes) => LedgerJson.ReadClaim(key, bytes);
}
