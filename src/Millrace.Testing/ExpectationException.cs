namespace Millrace.Testing;

/// <summary>A test of the kit does not hold. A plain exception, so that any test framework reports it.</summary>
/// <param name="message">What was expected and what came instead.</param>
public sealed class ExpectationException(string message) : Exception(message);
