namespace Millrace.Runtime.Tasks;

/// <summary>Opens a user's function before its first record and disposes it after its last, each once.</summary>
/// <param name="function">The function.</param>
/// <param name="context">What it may know.</param>
public sealed class FunctionLifetime(object function, FunctionContext context)
{
    /// <summary>Opens the function, if it wants to be.</summary>
    public ValueTask OpenAsync(CancellationToken cancellationToken) =>
        function is IOpen open ? open.OpenAsync(context, cancellationToken) : ValueTask.CompletedTask;

    /// <summary>Disposes the function, if it wants to be.</summary>
    public ValueTask DisposeAsync()
    {
        if (function is IAsyncDisposable asynchronous) return asynchronous.DisposeAsync();
        (function as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
