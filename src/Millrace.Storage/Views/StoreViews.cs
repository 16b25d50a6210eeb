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
}
