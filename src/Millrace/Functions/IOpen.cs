namespace Millrace;

/// <summary>Implemented by functions that need something before their first record: connections, caches, counters.</summary>
public interface IOpen
{
    /// <summary>Runs once before the first record. Release with <see cref="IAsyncDisposable"/>, which runs after the last, also on failure.</summary>
    /// <param name="context">Valid for the life of the function.</param>
    /// <param name="cancellationToken">Cancelled when the job is.</param>
    ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken);
}
