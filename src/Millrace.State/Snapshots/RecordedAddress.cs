namespace Millrace.State.Snapshots;

/// <summary>
/// Addresses as a ledger records them: what lies in the job's storage is recorded relatively to it (<c>savepoints/orders-17-3.4</c>), so that the storage can be moved and
/// copied, and all else as it is. Pure.
/// </summary>
public static class RecordedAddress
{
    /// <summary>What to record.</summary>
    /// <param name="address">A URL with everything in it.</param>
    /// <param name="storage">The address of the storage, in which each job has a folder; null when it is not known: everything is recorded as it is.</param>
    public static string Of(string address, string? storage)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (storage is null) return address;
        (string path, string options) = Split(address);
        (string root, string rootOptions) = Split(storage);
        if (options != rootOptions || !path.StartsWith($"{root}/", StringComparison.Ordinal)) return address;
        string inside = path[(root.Length + 1)..];
        return IsRelative(inside) ? inside : address;
    }

    /// <summary>The address of what was recorded.</summary>
    /// <param name="recorded">What <see cref="Of"/> made, now or where the storage was before; or an address of an earlier build, which recorded all of it.</param>
    /// <param name="storage">The address of the storage as it is reached now; null when it is not known.</param>
    public static string Resolve(string recorded, string? storage)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        if (storage is null || !IsRelative(recorded)) return recorded;
        (string root, string options) = Split(storage);
        return $"{root}/{recorded}{options}";
    }

    /// <summary>A history with all addresses as they are reached now.</summary>
    /// <param name="state">What follows from the ledger.</param>
    /// <param name="storage">As for <see cref="Resolve(string, string?)"/>.</param>
    public static LedgerState Resolve(LedgerState state, string? storage)
    {
        ArgumentNullException.ThrowIfNull(state);
        return storage is null ? state : state with
        {
            Savepoints = [.. state.Savepoints.Select(s => s with { Address = Resolve(s.Address, storage) })],
            Origin = state.Origin is TimelineOrigin.Folder folder ? folder with { Address = Resolve(folder.Address, storage) } : state.Origin,
            Stop = state.Stop is { } stop ? stop with { Target = Resolved(stop.Target, storage), Savepoint = Resolved(stop.Savepoint, storage) } : null,
            Pins = [.. state.Pins.Select(p => p with { Target = Resolved(p.Target, storage) })],
        };
    }

    static string? Resolved(string? recorded, string storage) => recorded is null ? null : Resolve(recorded, storage);

    // A URL has a scheme, and a path of a folder that somebody gave without one begins with a slash; a key does neither.
    static bool IsRelative(string recorded) => SnapshotKeys.IsKey(recorded);

    static (string Path, string Options) Split(string address)
    {
        int question = address.IndexOf('?', StringComparison.Ordinal);
        return ((question < 0 ? address : address[..question]).TrimEnd('/'), question < 0 ? "" : address[question..]);
    }
}
