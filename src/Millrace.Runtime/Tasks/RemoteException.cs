namespace Millrace.Runtime.Tasks;

/// <summary>Something failed in another process, which told of it.</summary>
/// <param name="type">The name of the exception's type there.</param>
/// <param name="message">Its message.</param>
/// <param name="text">All of it, with stacks.</param>
/// <param name="cause">What was behind it; null for nothing.</param>
public sealed class RemoteException(string type, string message, string text, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The name of the exception's type there.</summary>
    public string TypeName => type;

    /// <summary>What the other process told, with its stacks.</summary>
    public override string ToString() => text;

    /// <summary>The name of an exception's type, wherever it came about.</summary>
    public static string TypeOf(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure is RemoteException remote ? remote.TypeName : failure.GetType().Name;
    }
}
