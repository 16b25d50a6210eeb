using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.State;

/// <summary>Checks that stay on in release builds, off the hot path: a broken one is Millrace's mistake, and going on would lose data.</summary>
public static class Invariant
{
    /// <summary>Throws when <paramref name="holds"/> is false.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="rule">Why it always holds.</param>
    /// <param name="condition">Filled in by the compiler.</param>
    /// <exception cref="InvariantBrokenException">The condition is false.</exception>
    public static void That([DoesNotReturnIf(false)] bool holds, string rule, [CallerArgumentExpression(nameof(holds))] string? condition = null)
    {
        if (!holds) throw new InvariantBrokenException($"broken invariant: {rule} ({condition})");
    }
}

/// <summary>A rule of the engine does not hold: a bug in Millrace. The job stops rather than go on with wrong state.</summary>
/// <param name="message">The rule and the condition.</param>
public sealed class InvariantBrokenException(string message) : Exception(message);
