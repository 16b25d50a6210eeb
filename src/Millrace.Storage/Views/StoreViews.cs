namespace Millrace.Storage;

/// <summary>Views of stores.</summary>
public static class StoreViews
{
    /// <summary>What is below a prefix, as a store of its own. It does not own the store: disposing of the view does nothing.</summary>
    /// <param name="store">The store, which must outlive the view.</param>
    /// <param name="prefix">A key with or without a slash at its end: <c>orders/</c>.</param>
    /// <exception cref="ArgumentException">The prefix is no key.</exception>
    public static IObjectStore Under(this IObjectStore store, string prefix) => new PrefixedStore(store, PrefixedStore.Folder(prefix));

    /// <inheritdoc cref="Under(IObjectStore, string)"/>
    public static IListableStore Under(this IListableStore store, string prefix) => new ListablePrefixedStore(store, PrefixedStore.Folder(prefix));

    /// <summary>
    /// The same store, with what is asked through this view counted in a meter besides: each request where the store knows them (<see cref="IMeteredStore"/>),
    /// else each call. It does not own the store: disposing of the view does nothing.
    /// </summary>
    /// <param name="store">The store, which must outlive the view.</param>
    /// <param name="meter">Counts from now on.</param>
    public static IObjectStore Metered(this IObjectStore store, StoreMeter meter) => store switch
    {
        IMeteredStore knows => knows.Metered(meter),
        PrefixedStore below => below.Metered(meter),
        IListableStore listable => listable.Metered(meter),
        _ => new MeteredCalls(store, meter),
    };

    /// <inheritdoc cref="Metered(IObjectStore, StoreMeter)"/>
    public static IListableStore Metered(this IListableStore store, StoreMeter meter) => store switch
    {
        IMeteredStore knows => knows.Metered(meter),
        ListablePrefixedStore below => below.Metered(meter),
        _ => new MeteredListableCalls(store, meter),
    };
}
