namespace Millrace.Storage;

/// <summary>What stores are given from outside.</summary>
/// <param name="Time">The clock of pauses and time-outs.</param>
/// <param name="Nonces">Temporary names and jitter.</param>
public sealed record StoreSurroundings(TimeProvider Time, NonceSource Nonces);

/// <summary>Opens a store.</summary>
/// <param name="address">Its address, of a scheme the opener was registered for.</param>
/// <param name="surroundings">Clock and chance.</param>
/// <param name="cancellationToken">Cancels.</param>
/// <returns>The store; the caller disposes of it. Opening writes nothing and need not find anything.</returns>
public delegate ValueTask<IListableStore> StoreOpener(StoreAddress address, StoreSurroundings surroundings, CancellationToken cancellationToken);

/// <summary>
/// The kinds of stores a program knows, by the scheme of their addresses. Folders are known from the start; a host registers others,
/// so that this assembly depends on none of them. Register first, then open from any thread.
/// </summary>
public sealed class ObjectStores
{
    readonly Dictionary<string, StoreOpener> _openers = new(StringComparer.Ordinal) { [StoreAddress.FileScheme] = OpenFolder };
    readonly StoreSurroundings _surroundings;

    /// <summary>Knows folders.</summary>
    /// <param name="surroundings">Given to every store.</param>
    public ObjectStores(StoreSurroundings surroundings)
    {
        ArgumentNullException.ThrowIfNull(surroundings);
        _surroundings = surroundings;
    }

    /// <summary>What every store is given.</summary>
    public StoreSurroundings Surroundings => _surroundings;

    /// <summary>The schemes known, in order.</summary>
    public IReadOnlyList<string> Schemes => [.. _openers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds a kind of store.</summary>
    /// <param name="scheme">In lower case: <c>s3</c>.</param>
    /// <param name="open">Opens one.</param>
    /// <exception cref="ArgumentException">The scheme has an opener already.</exception>
    public ObjectStores Register(string scheme, StoreOpener open)
    {
        if (!_openers.TryAdd(scheme, open)) throw new ArgumentException($"The scheme '{scheme}' has an opener already.", nameof(scheme));
        return this;
    }

    /// <summary>Opens a store. Nothing is asked of it yet: <see cref="StoreProbe"/> tells whether it is there and good.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="FormatException">The scheme is not known, or an option is not; the message names the choices.</exception>
    /// <exception cref="StoreUnavailableException">What opening needs, such as credentials, is missing.</exception>
    public ValueTask<IListableStore> OpenAsync(StoreAddress address, CancellationToken cancellationToken)
    {
        if (_openers.TryGetValue(address.Scheme, out StoreOpener? open)) return open(address, _surroundings, cancellationToken);
        throw new FormatException($"The storage address {address.Root} has the scheme '{address.Scheme}'; known are {string.Join(", ", Schemes)}.");
    }

    static ValueTask<IListableStore> OpenFolder(StoreAddress address, StoreSurroundings surroundings, CancellationToken cancellationToken)
    {
        address.AllowOptions();
        return new(new LocalObjectStore(address.Path, surroundings.Nonces));
    }
}
